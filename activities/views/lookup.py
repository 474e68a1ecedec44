"""The one way in which a page comes by the contact that its address names."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404

from accounts.requests import UserRequest
from activities.models import Contact
from audit.actions import record
from audit.verbs import Verb
from experts.enums import Label
from experts.models import Expert


def open_contact(request: UserRequest, uuid: str, *, to_change: bool = False) -> Contact:
    """The contact as pages show it; 404 when invisible, 403 when read-only and meant `to_change`."""
    contacts = Contact.objects.visible_to(request.user).for_page(request.user)
    contact = get_object_or_404(contacts, uuid=uuid)
    if to_change and not contact.may_change:
        raise PermissionDenied
    tell_of(request, [contact.expert])
    return contact


def tell_of(request: UserRequest, experts: list[Expert]) -> None:
    """Whoever opens what hangs on a restricted record leaves a trace before anything is shown (二（二）)."""
    for expert in experts:
        if expert.label == Label.RESTRICTED:
            record(Verb.VIEW, by=request.user, kind="expert", reference=expert.record_number)
