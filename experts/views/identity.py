"""Possible duplicates: the list of them, saying that two are two, merging two that are one, undoing that."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.requests import UserRequest
from core.paging import Order, page_by_key
from experts.actions import merging
from experts.errors import StaleSave
from experts.forms.identity import MergeForm, PairFilter
from experts.identity import announce, score_of, told, words_of
from experts.models import DuplicatePair, Expert, Merge, SensitiveValue
from experts.views.lookup import open_expert

PAGE_SIZE = 30
UNPROCESSABLE, CONFLICT = 422, 409
NEWEST_FIRST = Order(("id",), descending=True)


def pair_rows(user: User, pairs: Any) -> list[dict[str, Any]]:
    """Pairs as lists show them, with the reasons that the user may know."""
    return [
        {"pair": pair, "score": score_of(told(user, pair)), "why": words_of(told(user, pair))}
        for pair in pairs
    ]


def identity_card(user: User, expert: Expert) -> dict[str, Any]:
    """What an expert's page says of duplicates and merges; asks only when there are any."""
    card: dict[str, Any] = {}
    if expert.has_pairs and expert.may_change:
        pairs = DuplicatePair.objects.visible_to(user).open().about(expert).for_list().order_by("-id")[:10]
        card["pairs"] = [
            row | {"other": row["pair"].other if row["pair"].expert_id == expert.pk else row["pair"].expert}
            for row in pair_rows(user, pairs)
        ]
    if expert.has_merges:
        merges = Merge.objects.visible_to(user).standing().filter(expert=expert)
        card["merges"] = merges.select_related("merged_by").order_by("-id")
    return card


@require_GET
def duplicates(request: UserRequest) -> HttpResponse:
    """Pairs of which the user sees both records and may change one."""
    user = request.user
    if not user.may("change"):
        raise PermissionDenied
    announce(user)
    filters = PairFilter(request.GET, user=user)
    pairs = filters.narrow(DuplicatePair.objects.changeable_by(user)).for_list()
    page = page_by_key(pairs, NEWEST_FIRST, request.GET, PAGE_SIZE)
    context = {
        "filters": filters,
        "rows": pair_rows(user, page.rows),
        "filtered": any(request.GET.get(name) for name in ("unit", "reason", "state")),
        **page.urls(request.GET),
    }
    return render(request, "experts/duplicate_list.html", context)


@require_POST
def duplicate_dismiss(request: UserRequest, uuid: str) -> HttpResponse:
    """Not the same person."""
    pair = get_object_or_404(DuplicatePair.objects.visible_to(request.user).for_list(), uuid=uuid)
    merging.dismiss_pair(by=request.user, pair=pair)
    messages.success(request, "已记为不是同一人；任一条的姓名、出生年月、单位或证件号码改动后会重新核对。")
    return redirect("experts:duplicates")


@require_http_methods(["GET", "POST"])
def merge(request: UserRequest, uuid: str, other: str) -> HttpResponse:
    """Merge the second record into the first; a restricted one always stays."""
    stay = open_expert(request, uuid, to_change=True)
    gone = open_expert(request, other, to_change=True)
    if stay.pk == gone.pk:
        raise Http404
    if request.method == "GET" and gone.label > stay.label:
        return redirect("experts:merge", gone.uuid, stay.uuid)
    form = MergeForm(
        request.POST if request.method == "POST" else None,
        stay=stay,
        gone=gone,
        doubled=_doubled(request.user, stay, gone),
    )
    status = UNPROCESSABLE if form.errors else 200
    if form.is_valid():
        try:
            merging.merge_records(
                by=request.user, stay=stay, gone=gone, versions=form.versions(), taken=form.taken()
            )
        except StaleSave:
            form = MergeForm(stay=stay, gone=gone, doubled=form.doubled)
            messages.warning(request, "有一条记录刚被别人改过，请按下表重新核对。")
            status = CONFLICT
        except ValidationError as problem:
            form.add_error(None, problem)
            status = UNPROCESSABLE
        else:
            messages.success(request, f"已合并。{gone.record_number} 已并入本条，30 天内可以撤销。")
            return redirect("experts:detail", stay.uuid)
    context = {
        "form": form,
        "stay": stay,
        "gone": gone,
        "one_died": bool(stay.died_on) != bool(gone.died_on),
        "other_day": stay.died_on and stay.died_on != gone.died_on,
    }
    return render(request, "experts/merge_form.html", context, status=status)


def _doubled(user: User, stay: Expert, gone: Expert) -> set[str]:
    """Sensitive fields that both hold, as far as the user may know."""
    held = SensitiveValue.objects.visible_to(user).filter(expert__in=[stay.pk, gone.pk])
    names = list(held.values_list("field", flat=True))
    return {name for name in names if names.count(name) > 1}


@require_POST
def merge_undo(request: UserRequest, uuid: str) -> HttpResponse:
    merged = get_object_or_404(Merge.objects.visible_to(request.user), uuid=uuid)
    stay = open_expert(request, str(merged.expert.uuid), to_change=True)
    try:
        back = merging.undo_merge(by=request.user, merge=merged)
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
    else:
        messages.success(request, f"已撤销合并，{back.record_number} 已恢复为单独的记录。")
    return redirect("experts:detail", stay.uuid)
