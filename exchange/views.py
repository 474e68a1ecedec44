from django.http import HttpRequest, HttpResponse


def import_list(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError


def import_create(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError
