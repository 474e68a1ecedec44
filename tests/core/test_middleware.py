"""One transaction around routing and rendering, as liaison_app, with the user as signed actor."""

import pytest
from django.db import connection
from django.http import HttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import path

from core.context import acting
from core.models import Holiday
from liaison.urls import urlpatterns as product_urls
from tests.factories import make_expert

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def row(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return "|".join(str(value) for value in cursor.fetchone())


def who(request):
    return HttpResponse(row("SELECT current_user, core_actor()"))


def origin(request):
    return HttpResponse(f"{acting().user_id}|{acting().username}|{acting().address}|{acting().channel}")


def in_transaction(request):
    return HttpResponse(str(connection.in_atomic_block))


class Late:
    """Reads the database when the template is rendered, after the view has returned."""

    def __str__(self):
        return row("SELECT count(*), core_actor() FROM experts_expert")


def lazy(request):
    template = engines["django"].from_string("{{ late }}")
    return TemplateResponse(request, template, {"late": Late()})


def writes_then_answers(request, status):
    Holiday.objects.create(day="2031-05-01", name="测试")
    return HttpResponse(status=status)


def writes_then_fails(request):
    Holiday.objects.create(day="2031-05-01", name="测试")
    raise RuntimeError


urlpatterns = [
    path("t/who/", who),
    path("t/origin/", origin),
    path("t/transaction/", in_transaction),
    path("t/lazy/", lazy),
    path("t/answer/<int:status>/", writes_then_answers),
    path("t/fail/", writes_then_fails),
    *product_urls,
]


def text(response):
    return response.content.decode()


def test_view_runs_as_the_application_role_with_the_user_as_actor(client_of, officer_haidian):
    assert text(client_of(officer_haidian).get("/t/who/")) == f"liaison_app|{officer_haidian.pk}"


def test_every_request_stands_in_a_transaction(client_of, officer_haidian):
    assert text(client_of(officer_haidian).get("/t/transaction/")) == "True"


def test_audit_knows_who_acts_from_where(client_of, officer_haidian):
    response = client_of(officer_haidian).get("/t/origin/", REMOTE_ADDR="10.1.2.3")
    assert text(response) == f"{officer_haidian.pk}|officer_haidian|10.1.2.3|web"
    assert acting().user_id is None


def test_template_that_reads_late_still_has_its_actor(client_of, officer_haidian):
    make_expert(unit_code="D04")
    make_expert(unit_code="D03")
    assert text(client_of(officer_haidian).get("/t/lazy/")) == f"1|{officer_haidian.pk}"


def test_one_users_context_does_not_reach_the_next_request(
    client_of, client, officer_haidian, officer_chaoyang
):
    client_of(officer_haidian).get("/t/who/")
    assert text(client_of(officer_chaoyang).get("/t/who/")) == f"liaison_app|{officer_chaoyang.pk}"
    assert client.get("/t/who/").status_code == 302
    assert row("SELECT current_user, core_actor()") == "liaison_owner|None"


@pytest.mark.parametrize(
    ("status", "kept"), [(200, True), (302, True), (404, True), (422, True), (500, False), (503, False)]
)
def test_answers_of_500_and_above_leave_no_trace(client_of, officer_haidian, status, kept):
    client = client_of(officer_haidian)
    client.raise_request_exception = False
    assert client.get(f"/t/answer/{status}/").status_code == status
    assert Holiday.objects.filter(day="2031-05-01").exists() is kept


def test_exception_leaves_no_trace(client_of, officer_haidian):
    client = client_of(officer_haidian)
    client.raise_request_exception = False
    assert client.get("/t/fail/").status_code == 500
    assert not Holiday.objects.filter(day="2031-05-01").exists()


def test_answers_vary_on_htmx(client_of, officer_haidian):
    assert "HX-Request" in client_of(officer_haidian).get("/t/who/")["Vary"]
