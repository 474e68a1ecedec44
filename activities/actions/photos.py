"""Photos of a contact: pixels only, kept encrypted, taken back by who added them within the unit's days."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import BinaryIO

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from activities.limits import days_to_record
from activities.models import Contact, Photo
from activities.models.contact import VAULT
from audit.actions import record
from audit.verbs import Verb
from core.moments import as_day
from experts.photos import reencoded

MOST = 9  # of one contact
LONGEST_SIDE = 2000  # pixels
ABOUT = ["photos"]
TOO_MANY = f"一次联系最多保存 {MOST} 张照片。"
TOO_LATE = "照片只在上传后 {} 天内可以删除。"


@transaction.atomic
def add_photos(*, by: User, contact: Contact, uploads: Sequence[BinaryIO]) -> None:
    """Keep pictures, which experts.photos.check_picture has passed, with a contact that may be changed."""
    current = Contact.objects.changeable_by(by).select_related("expert").filter(pk=contact.pk).first()
    if current is None:
        raise PermissionDenied
    record(Verb.CREATE, by=by, kind="expert", reference=current.expert.record_number, fields=ABOUT)
    keep_photos(by, current, uploads)


def keep_photos(by: User, contact: Contact, uploads: Sequence[BinaryIO], there: int | None = None) -> None:
    """Store the pictures, beside those that are there (None: to be counted); the last thing of an act, so
    that no file stays behind when the act fails."""
    if not uploads:
        return
    if there is None:
        there = Photo.objects.visible_to(by).filter(contact=contact).count()
    if there + len(uploads) > MOST:
        raise ValidationError({"photos": TOO_MANY})
    photos: list[Photo] = []
    try:
        for upload in uploads:
            photos.append(_kept(by, contact, upload))
        Photo.objects.bulk_create(photos)
    except BaseException:
        for photo in photos:
            VAULT.forget(photo.stored_as)
        raise


def _kept(by: User, contact: Contact, upload: BinaryIO) -> Photo:
    data = reencoded(upload, longest=LONGEST_SIDE).read()
    photo = Photo(
        contact=contact,
        expert=contact.expert,
        size=len(data),
        stored_as=secrets.token_hex(16),
        added_by=by,
    )
    photo.stored_key = VAULT.keep(photo.stored_as, data, bound_to=photo.bound_to)
    return photo


def may_remove(user: User, photo: Photo, days: int) -> bool:
    """Whether the user added the photo, at most so many days ago."""
    added = as_day(photo.added_at) or timezone.localdate()
    return photo.added_by_id == user.pk and timezone.localdate() <= added + timedelta(days=days)


@transaction.atomic
def remove_photo(*, by: User, photo: Photo) -> None:
    """Take a picture back. PermissionDenied for anybody but who added it, ValidationError when too late."""
    rows = Photo.objects.removable_by(by).select_related("contact__unit", "expert")
    current = rows.filter(pk=photo.pk).first()
    if current is None:
        raise PermissionDenied
    days = days_to_record(current.contact)
    if not may_remove(by, current, days):
        raise ValidationError(TOO_LATE.format(days))
    record(Verb.DELETE, by=by, kind="expert", reference=current.expert.record_number, fields=ABOUT)
    stored_as = current.stored_as
    current.delete()
    transaction.on_commit(lambda: VAULT.forget(stored_as))


def picture_of(photo: Photo) -> bytes:
    """The picture in clear. OSError when the file is gone."""
    return VAULT.read(photo.stored_as, key_id=photo.stored_key, bound_to=photo.bound_to)
