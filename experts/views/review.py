"""The yearly review of key information (二（二）): rounds, their progress, confirming in bulk, closing."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import UserRequest
from core.paging import Order, page_by_key
from core.requests import known_uuids
from experts.actions import review as actions
from experts.actions.register import confirm_information
from experts.enums import Label
from experts.errors import StaleSave
from experts.filters import chips
from experts.forms.review import CloseForm, CorrectForm, RoundForm, correct_forms
from experts.models import Expert, ReviewRound
from experts.reviewing import Progress, RoundFilter, counts_of, progress, waiting_context
from experts.views.acts import BULK_LIMIT
from experts.views.lookup import open_expert

PAGE_SIZE = 50
UNPROCESSABLE = 422
CORRECTED_AT_ONCE = 25  # a page of the list
NEWEST_FIRST = Order(("id",), descending=True)


@require_GET
def reviews(request: UserRequest) -> HttpResponse:
    if not request.user.may("view"):
        raise PermissionDenied
    rounds = ReviewRound.objects.visible_to(request.user)
    page = page_by_key(rounds, NEWEST_FIRST, request.GET, PAGE_SIZE)
    context = {
        "page": page,
        "may_open": request.user.may("approve"),
        **page.urls(request.GET),
    }
    return render(request, "experts/review_list.html", context)


@require_http_methods(["GET", "POST"])
def review_open(request: UserRequest) -> HttpResponse:
    if not request.user.may("approve"):
        raise PermissionDenied
    form = RoundForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_valid():
        try:
            opened = actions.open_round(by=request.user, **form.cleaned_data)
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, "已发起年度复核。")
            return redirect("experts:review", opened.uuid)
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "experts/review_form.html", {"form": form}, status=status)


def _with_neighbours(request: UserRequest, uuid: str) -> tuple[ReviewRound, dict[str, ReviewRound | None]]:
    """The round and the unit's rounds before and after it, in one query."""
    visible = ReviewRound.objects.visible_to(request.user)
    same = visible.filter(unit__in=visible.filter(uuid=uuid).order_by().values("unit"))
    rounds = list(same.order_by("year"))
    at = next((index for index, each in enumerate(rounds) if str(each.uuid) == str(uuid)), None)
    if at is None:
        raise Http404
    return rounds[at], {
        "earlier": rounds[at - 1] if at else None,
        "later": rounds[at + 1] if at + 1 < len(rounds) else None,
    }


@require_GET
def review(request: UserRequest, uuid: str) -> HttpResponse:
    found, neighbours = _with_neighbours(request, uuid)
    return _page(request, found, neighbours, CloseForm())


def _page(
    request: UserRequest, found: ReviewRound, neighbours: dict[str, ReviewRound | None], form: CloseForm
) -> HttpResponse:
    user, params = request.user, request.GET
    counts = counts_of(found, user)
    covered, done = (sum(numbers[index] for numbers in counts.values()) for index in (0, 1))
    context = neighbours | {
        "review": found,
        "all": Progress("合计", covered, done),
        "lines": progress(found, counts),
        "may_change": user.may("change"),
        "may_close": not found.closed_at and user.may("approve", found.unit.order),
        "form": form,
        "params": params,
    }
    if found.is_running:
        filters = RoundFilter(params, user=user, review=found)
        context |= {"filters": filters, "chips": list(chips(filters, params))}
        context |= waiting_context(filters, params, counts)
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "experts/review_detail.html", context, status=status)


@require_POST
def review_confirm(request: UserRequest, uuid: str) -> HttpResponse:
    """Key information of the ticked records was checked and still holds; with `act=correct` some does not."""
    found, _ = _with_neighbours(request, uuid)
    if not request.user.may("change"):
        raise PermissionDenied
    ticked = known_uuids(request.POST.getlist("expert")[:BULK_LIMIT])
    query = QueryDict(request.POST.get("query", "")[:1000])
    if request.POST.get("act") == "correct" and ticked:
        chosen = QueryDict(mutable=True)
        chosen.setlist("expert", [str(key) for key in ticked[:CORRECTED_AT_ONCE]])
        return redirect(reverse("experts:review_correct", args=[found.uuid]) + f"?{chosen.urlencode()}")
    mine = Expert.objects.changeable_by(request.user).filter(uuid__in=ticked)
    done = confirm_information(by=request.user, experts=mine)
    if done:
        messages.success(request, f"已核实 {done} 人。")
    if missed := len(set(request.POST.getlist("expert")[:BULK_LIMIT])) - done:
        messages.warning(request, f"{missed} 人未核实：您没有维护权限。")
    if not request.POST.getlist("expert"):
        messages.warning(request, "请先勾选要核实的专家。")
    return redirect(reverse("experts:review", args=[found.uuid]) + (f"?{query.urlencode()}" if query else ""))


@require_http_methods(["GET", "POST"])
def review_correct(request: UserRequest, uuid: str) -> HttpResponse:
    """Several records side by side: each line is saved and confirmed for itself; what cannot be stays, and
    says why."""
    found, _ = _with_neighbours(request, uuid)
    if not request.user.may("change"):
        raise PermissionDenied
    sent = request.POST if request.method == "POST" else request.GET
    keys = known_uuids(sent.getlist("expert")[:CORRECTED_AT_ONCE])
    mine = Expert.objects.changeable_by(request.user).filter(uuid__in=keys, died_on__isnull=True)
    experts = list(mine.select_related("unit").order_by("sort_key"))
    for expert in experts:
        if expert.label == Label.RESTRICTED:  # what is shown of it is on the trail
            open_expert(request, str(expert.uuid))
    forms = correct_forms(experts, request.POST if request.method == "POST" else None)
    if request.method == "POST":
        forms = _corrected(request, forms)
    if not forms:
        if not experts:
            messages.warning(request, "请先勾选要更正的专家。")
        return redirect("experts:review", found.uuid)
    status = UNPROCESSABLE if any(form.errors for form in forms) else 200
    return render(request, "experts/review_correct.html", {"review": found, "forms": forms}, status=status)


def _corrected(request: UserRequest, forms: list[CorrectForm]) -> list[CorrectForm]:
    """Save what is right; returns the lines that are left."""
    left = []
    for form in forms:
        if not form.is_valid():
            left.append(form)
            continue
        version = form.cleaned_data["version"]
        try:
            actions.correct_and_confirm(
                by=request.user, expert=form.instance, version=version, facts=form.facts()
            )
        except StaleSave as stale:
            fresh = CorrectForm(instance=stale.current, prefix=form.prefix)
            fresh.stale = True
            left.append(fresh)
        except ValidationError as problem:
            form.add_error(None, problem)
            left.append(form)
    if len(left) < len(forms):
        messages.success(request, f"已更正并核实 {len(forms) - len(left)} 人。")
    return left


@require_POST
def review_close(request: UserRequest, uuid: str) -> HttpResponse:
    found, neighbours = _with_neighbours(request, uuid)
    if not request.user.may("approve", found.unit.order):
        raise PermissionDenied
    form = CloseForm(request.POST)
    if form.is_valid():
        try:
            actions.close_round(by=request.user, review=found, note=form.cleaned_data["note"])
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, "这轮复核已结束。")
            return redirect("experts:review", found.uuid)
    return _page(request, found, neighbours, form)
