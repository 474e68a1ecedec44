"""Restoring a single value from the history of an expert."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.requests import UserRequest
from experts.actions.history import may_restore, restore_value
from experts.errors import StaleSave
from experts.history import Words, carried, label_of
from experts.models import HistoryEvent
from experts.presenting import shown
from experts.views.lookup import as_saved, open_expert

CONFLICT, UNPROCESSABLE = 409, 422
STALE = "您打开这一页之后，有人改动了这份资料。下面是现在的值，确认后再恢复。"


@require_http_methods(["GET", "POST"])
def history_restore(request: UserRequest, uuid: str, event: str, field: str) -> HttpResponse:
    """Show the value now beside the one before; restoring is an edit like any other (409 when stale)."""
    expert = open_expert(request, uuid, to_change=True)
    kept = get_object_or_404(HistoryEvent.objects.visible_to(request.user), expert=expert, uuid=event)
    if kept.pk in carried(expert, request.user) or not may_restore(expert, kept, field):
        raise Http404
    problem, status, version = "", 200, request.POST.get("version", "")
    if request.method == "POST":
        try:
            restore_value(
                by=request.user,
                expert=expert,
                event=kept,
                field=field,
                version=int(version) if version.isdecimal() else 0,
            )
        except StaleSave:
            expert, problem, status = as_saved(request, expert), STALE, CONFLICT
        except ValidationError as refused:
            problem, status = " ".join(refused.messages), UNPROCESSABLE
        else:
            messages.success(request, f"已恢复“{label_of(field)}”。")
            return redirect("experts:detail", expert.uuid)
    words = Words(expert, request.user, [kept])
    context = {
        "expert": expert,
        "kept": kept,
        "label": label_of(field),
        "was": words.value(kept, field, 0),
        "became": words.value(kept, field, 1),
        "now": shown(expert, field),
        "problem": problem,
    }
    return render(request, "experts/history_restore.html", context, status=status)
