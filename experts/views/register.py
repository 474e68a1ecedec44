"""The register: list, search suggestions, detail, entry and edit."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.requests import UserRequest
from experts import parts
from experts.actions.register import create_expert, set_photo, update_expert
from experts.actions.review import confirm_key_fields
from experts.changes import reported
from experts.enums import Category
from experts.errors import StaleSave
from experts.filters import ExpertFilter, chips, visible_labels
from experts.finding import named
from experts.forms.acts import SavedFilterForm
from experts.forms.register import EDUCATIONS, ExpertForm
from experts.freshness import KEY_FIELDS, ConfirmationLimits
from experts.history import history_of
from experts.identity import candidates
from experts.listing import list_context
from experts.log import log_of
from experts.models import Award, Expert, MandatoryExit, SavedFilter, SensitiveValue
from experts.presenting import conflict_rows, masked_values
from experts.priorities import of_expert
from experts.reviewing import key_lines
from experts.roster_tab import standing_of
from experts.scope import decide
from experts.views.identity import identity_card
from experts.views.lookup import as_saved, led_on, open_expert

SUGGESTED = 8
TABS = {
    "awards": "称号奖励",
    "roster": "名单",
    "changes": "信息变动",
    "facts": "详细资料",
    "history": "修改历史",
    "log": "查阅记录",
}


@require_GET
def expert_list(request: UserRequest) -> HttpResponse:
    user, params = request.user, request.GET
    if not user.may("view"):
        raise PermissionDenied
    limits = ConfirmationLimits.today()
    filters = ExpertFilter(params, Expert.objects.visible_to(user), user=user, limits=limits)
    context = list_context(filters, params, limits) | {
        "filters": filters,
        "chips": list(chips(filters, params)),
        "params": params,
        "saved_filters": SavedFilter.objects.visible_to(user),
        "save_form": SavedFilterForm(),
        "may_change": user.may("change"),
        "categories": Category.choices,
        "labels": visible_labels(user),
        "search_query": params.get("q", ""),
    }
    return render(request, "experts/expert_list.html", context)


@require_GET
def suggest(request: UserRequest) -> HttpResponse:
    """The first hits for what is typed in the header."""
    text = request.GET.get("q", "").strip()
    found: list[Expert] = []
    if text and request.user.may("view"):
        found = named(request.user, text).first(["sort_key"], SUGGESTED)
    items = [
        {
            "title": expert.name,
            "detail": " · ".join(
                part for part in (expert.employer, expert.post, expert.unit.short_name) if part
            ),
            "url": reverse("experts:detail", args=[expert.uuid]),
            "mark": "已故" if expert.died_on else "重点" if expert.scope == "key" else "",
        }
        for expert in found
    ]
    query = QueryDict(mutable=True)
    query["q"] = text
    return render(
        request,
        "experts/suggestions.html",
        {"items": items, "query": text, "more_url": f"{reverse('experts:list')}?{query.urlencode()}"},
    )


@require_GET
def expert_detail(request: UserRequest, uuid: str) -> HttpResponse:
    try:
        expert = open_expert(request, uuid)
    except Http404:
        return led_on(request, uuid)
    awards = list(
        Award.objects.visible_to(request.user).filter(expert=expert).select_related("honour", "verified_by")
    )
    decision = decide(awards, works_in_beijing=expert.works_in_beijing, day=timezone.localdate())
    limits = ConfirmationLimits.today()
    labels = {each.key: each.label for each in parts.TABS} | TABS
    tab = request.GET.get("tab", "")
    tab = tab if tab in labels else next(iter(labels))
    context: dict[str, Any] = {
        "expert": expert,
        "awards": awards,
        "decision": decision,
        "priorities": of_expert(expert, awards),
        "tab": tab,
        "tabs": [
            {
                "label": label,
                "url": f"?tab={key}",
                "active": key == tab,
                "count": len(awards) if key == "awards" else None,
            }
            for key, label in labels.items()
        ],
        "may_change": expert.may_change,
        "facts": parts.FACTS.given(request.user, expert),
        "acts": parts.ACTS.given(request.user, expert),
        "identity": identity_card(request.user, expert),
        "parts": parts.CARDS.given(request.user, expert),
        "is_stale": not expert.died_on and limits.is_stale(expert.confirmed_on, expert.unit_order),
    }
    if expert.has_exits:
        context["exits"] = MandatoryExit.objects.visible_to(request.user).filter(expert=expert)
    context |= _of_tab(request, expert, tab, limits)
    return render(request, "experts/expert_detail.html", context)


def _of_tab(request: UserRequest, expert: Expert, tab: str, limits: ConfirmationLimits) -> dict[str, Any]:
    """What the open tab shows."""
    context: dict[str, Any] = {}
    if opened := next((each for each in parts.TABS if each.key == tab), None):
        context = {"tab_template": opened.template} | opened.context(request.user, expert, request.GET)
    if tab == "facts":
        held = SensitiveValue.objects.visible_to(request.user).filter(expert=expert)
        context["masked"] = masked_values(expert, held, may_see=request.user.may("sensitive"))
        known = [request.user, expert.confirmed_by, expert.created_by, expert.updated_by]
        context["key_lines"] = key_lines(expert, limits, known)
        context["limit"] = limits.of(expert.unit_order)
    if tab == "roster":
        context |= standing_of(request.user, expert)
    if tab == "changes":
        context["reports"] = reported(request.user, expert)
    if tab == "history":
        sensitive = request.user.may("sensitive")
        context["history"] = history_of(expert, request.user, request.GET, sensitive=sensitive)
    if tab == "log":
        context["log"] = log_of(expert)
    return context


@require_http_methods(["GET", "POST"])
def expert_create(request: UserRequest) -> HttpResponse:
    if not request.user.may("change"):
        raise PermissionDenied
    form = ExpertForm(request.POST or None, request.FILES or None, user=request.user)
    context: dict[str, Any] = {"form": form, "educations": EDUCATIONS}
    if request.method == "POST" and form.is_valid() and not _warned(request, form, context):
        try:
            expert = create_expert(by=request.user, facts=form.facts(), sensitive=form.secrets())
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            _keep_photo(request, form, expert)
            messages.success(request, f"已新增专家“{expert.name}”，档案号 {expert.record_number}。")
            return redirect("experts:detail", expert.uuid)
    return render(request, "experts/expert_form.html", context)


def _warned(request: UserRequest, form: ExpertForm, context: dict[str, Any]) -> bool:
    """Whether there are records that may be the same person, of which the user has not said they are not."""
    found = candidates(request.user, form.facts(), form.secrets())
    seen = ",".join(sorted(row.expert.record_number for row in found))
    context |= {"candidates": found, "seen": seen}
    return bool(found) and request.POST.get("confirmed") != seen


@require_http_methods(["GET", "POST"])
def expert_edit(request: UserRequest, uuid: str) -> HttpResponse:
    expert = open_expert(request, uuid, to_change=True)
    form = ExpertForm(request.POST or None, request.FILES or None, instance=expert, user=request.user)
    context = {"form": form, "expert": expert, "educations": EDUCATIONS, "review": review_of(request)}
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"] or 0
        try:
            changed = update_expert(
                by=request.user, expert=expert, version=version, facts=form.facts(), sensitive=form.secrets()
            )
        except StaleSave as stale:
            return _stale(request, form, stale.current, context)
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            _keep_photo(request, form, expert)
            if review := review_of(request):
                confirm_key_fields(by=request.user, expert=expert, fields=KEY_FIELDS)
                messages.success(request, f"已保存，“{expert.name}”的关键信息记为已核实。")
                return redirect("experts:review", review)
            messages.success(request, "已保存。" if changed or form.cleaned_data["photo"] else "没有改动。")
            return redirect("experts:detail", expert.uuid)
    if request.method == "POST":  # the form overwrote the first one's fields
        context["expert"] = as_saved(request, expert)
    return render(request, "experts/expert_form.html", context)


def review_of(request: UserRequest) -> UUID | None:
    """The review round from whose list the form was opened, to go back there."""
    try:
        return UUID(request.GET.get("review", ""))
    except ValueError:
        return None


def _keep_photo(request: UserRequest, form: ExpertForm, expert: Expert) -> None:
    if form.cleaned_data["photo"]:
        set_photo(by=request.user, expert=expert, upload=form.cleaned_data["photo"])


def _stale(request: UserRequest, form: ExpertForm, current: Expert, context: dict[str, Any]) -> HttpResponse:
    """Show both versions; saving again from here replaces what the colleague saved, knowingly."""
    context |= {"expert": current, "conflict": conflict_rows(form, current)}
    data = request.POST.copy()
    data["version"] = str(current.version)
    form.data = data
    return render(request, "experts/expert_form.html", context, status=409)


@require_GET
def photo(request: UserRequest, uuid: str) -> FileResponse:
    expert = open_expert(request, uuid)
    if not expert.photo:
        raise Http404
    try:
        picture = expert.photo.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(picture, content_type="image/jpeg")
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
