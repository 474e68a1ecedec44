"""The one way in which a page comes by the expert that its address names."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect

from accounts.requests import UserRequest
from audit.actions import record
from audit.verbs import Verb
from experts.enums import Label
from experts.identity import hints
from experts.models import Expert, Merge
from experts.priorities import stated_hint


def open_expert(request: UserRequest, uuid: str, *, to_change: bool = False) -> Expert:
    """The expert as pages show it; 404 when invisible, 403 when read-only and meant `to_change`.

    Opening a restricted record is on the trail before anything of it is shown (二（二）).
    """
    seen = hints(request.user) | stated_hint(request.user)
    visible = Expert.objects.visible_to(request.user).for_page(request.user).annotate(**seen)
    expert = get_object_or_404(visible, uuid=uuid)
    if to_change and not expert.may_change:
        raise PermissionDenied
    if expert.label == Label.RESTRICTED:
        record(Verb.VIEW, by=request.user, kind="expert", reference=expert.record_number)
    return expert


def as_saved(request: UserRequest, expert: Expert) -> Expert:
    """The opened expert once more, as the database holds it now."""
    visible = Expert.objects.visible_to(request.user).for_page(request.user)
    return get_object_or_404(visible, pk=expert.pk)


def led_on(request: UserRequest, uuid: str) -> HttpResponse:
    """To the record that this one was merged into, for those who see that; 404 for all others."""
    merges = Merge.objects.visible_to(request.user).standing()
    merged = get_object_or_404(merges.select_related("expert"), gone_uuid=uuid)
    return redirect("experts:detail", merged.expert.uuid)
