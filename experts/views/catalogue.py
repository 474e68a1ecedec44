"""The honour catalogue: everyone who works with experts reads it, the city department keeps it (三（二）)."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import UserRequest
from experts.actions import catalogue_change as actions
from experts.forms.catalogue import HonourForm
from experts.models import CatalogueChange, Expert, Honour, RuleVersion
from experts.models.catalogue_change import CITY
from experts.presenting_changes import rows_of, rows_since
from experts.tasks import queue_preview, queue_recompute

CONFLICT, UNPROCESSABLE = 409, 422


def _keeps(request: UserRequest) -> bool:
    return request.user.may("catalogue", order=CITY)


def _only_keepers(request: UserRequest) -> None:
    if not _keeps(request):
        raise PermissionDenied("称号目录由市委组织部维护。")


def _change(request: UserRequest, uuid: str) -> CatalogueChange:
    _only_keepers(request)
    changes = CatalogueChange.objects.visible_to(request.user).select_related("honour")
    return get_object_or_404(changes, uuid=uuid)


@require_GET
def honours(request: UserRequest) -> HttpResponse:
    """The whole catalogue with the version of the rule in force."""
    if not request.user.may("view"):
        raise PermissionDenied
    context = {
        "honours": Honour.objects.all(),
        "rule": RuleVersion.objects.select_related("made_by").first(),
        "may_edit": _keeps(request),
    }
    return render(request, "experts/honour_list.html", context)


@require_http_methods(["GET", "POST"])
def honour_add(request: UserRequest) -> HttpResponse:
    _only_keepers(request)
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
def honour_edit(request: UserRequest, code: str) -> HttpResponse:
    _only_keepers(request)
    return _edit(request, get_object_or_404(Honour, code=code))


def _edit(request: UserRequest, honour: Honour | None) -> HttpResponse:
    """Show the form; a good one becomes a proposal whose preview is counted in the background."""
    form = HonourForm(request.POST or None, instance=honour)
    status, conflict = 200, []
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid() and form.is_stale and honour:
            status, conflict = CONFLICT, rows_since(honour, form.facts())
        elif form.is_valid():
            change = actions.propose_change(
                by=request.user, honour=honour, code=form.entry_code(), facts=form.facts()
            )
            queue_preview(change)
            return redirect("experts:honour_change", change.uuid)
    context = {"form": form, "honour": honour, "conflict": conflict}
    return render(request, "experts/honour_form.html", context, status=status)


@require_GET
def honour_change(request: UserRequest, uuid: str) -> HttpResponse:
    """What would change and whom it would move; asks again every second while something runs."""
    return _show(request, _change(request, uuid))


def _show(
    request: UserRequest, change: CatalogueChange, *, status: int = 200, problem: str = ""
) -> HttpResponse:
    name = "honour_status" if request.headers.get("HX-Request") else "honour_change"
    return render(
        request, f"experts/{name}.html", _context(request, change) | {"problem": problem}, status=status
    )


def _context(request: UserRequest, change: CatalogueChange) -> dict[str, Any]:
    scopes: dict[int, str] = dict(change.shown)
    people = (
        Expert.objects.visible_to(request.user)
        .filter(pk__in=scopes)
        .select_related("unit")
        .order_by("sort_key")
    )
    listed, moved = [(expert, scopes[expert.pk]) for expert in people], change.to_key + change.to_general
    return {
        "change": change,
        "rows": rows_of(change),
        "people": listed,
        "moved": moved,
        "aside": f"共 {moved:,} 人，列出前 {len(listed)} 人" if moved > len(listed) else "",
    }


@require_POST
def honour_apply(request: UserRequest, uuid: str) -> HttpResponse:
    """Write the entry; the affected scopes follow in the background."""
    change = _change(request, uuid)
    try:
        applied = actions.apply_change(by=request.user, change=change)
    except ValidationError as problem:
        return _show(request, change, status=CONFLICT, problem="".join(problem.messages))
    queue_recompute(applied)
    messages.success(request, f"已修改称号目录，规则为第 {applied.rule} 版。")
    return redirect("experts:honour_change", change.uuid)


@require_POST
def honour_cancel(request: UserRequest, uuid: str) -> HttpResponse:
    """Give the change up, counted or not."""
    change = _change(request, uuid)
    try:
        actions.drop_change(by=request.user, change=change)
    except ValidationError as problem:
        return _show(request, change, status=CONFLICT, problem="".join(problem.messages))
    messages.info(request, "已放弃修改，称号目录没有变化。")
    return redirect("experts:honours")
