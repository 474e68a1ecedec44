"""Photos of a contact: added, looked at, taken back."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import UserRequest
from activities.actions import photos as actions
from activities.forms.photos import PhotosForm
from activities.models import Contact, Photo
from activities.views.contacts import contact_page
from activities.views.lookup import open_contact
from experts.forms.proposals import refuse

UNPROCESSABLE = 422


def _photo(request: UserRequest, contact: Contact, key: str) -> Photo:
    return get_object_or_404(Photo.objects.visible_to(request.user), contact=contact, uuid=key)


@require_GET
def photo(request: UserRequest, uuid: str, key: str) -> HttpResponse:
    """The picture, for the page that shows it."""
    kept = _photo(request, open_contact(request, uuid), key)
    try:
        data = actions.picture_of(kept)
    except OSError:
        raise Http404 from None
    response = HttpResponse(data, content_type="image/jpeg")
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
def photos_add(request: UserRequest, uuid: str) -> HttpResponse:
    contact = open_contact(request, uuid, to_change=True)
    form = PhotosForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            actions.add_photos(by=request.user, contact=contact, uploads=form.cleaned_data["photos"])
        except ValidationError as problem:
            refuse(form, problem)
        else:
            messages.success(request, "照片已保存。")
            return redirect("contacts:contact", contact.uuid)
    return contact_page(request, contact, status=UNPROCESSABLE, photos_form=form, refused=form)


@require_POST
def photo_remove(request: UserRequest, uuid: str, key: str) -> HttpResponse:
    contact = open_contact(request, uuid, to_change=True)
    try:
        actions.remove_photo(by=request.user, photo=_photo(request, contact, key))
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
    else:
        messages.success(request, "照片已删除。")
    return redirect("contacts:contact", contact.uuid)
