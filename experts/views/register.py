"""The register: list, search suggestions, detail, entry and edit."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from audit.actions import record
from audit.models import Event
from audit.verbs import Verb
from core.paging import Order, page_by_key, url_with
from experts.actions.register import create_expert, set_photo, update_expert
from experts.enums import Category, Label
from experts.errors import StaleSave
from experts.filters import STALE_YEARS, ExpertFilter, chips
from experts.forms.acts import SavedFilterForm
from experts.forms.register import EDUCATIONS, ExpertForm
from experts.models import Award, Expert, SavedFilter, SensitiveValue
from experts.presenting import conflict_rows, masked_values
from experts.scope import decide
from experts.search import matching

PAGE_SIZE = 25
COUNT_LIMIT = 1000
ORDERS = {
    "name": ("姓名", Order(("sort_key",))),
    "-name": ("姓名", Order(("sort_key",), descending=True)),
    "age": ("年龄", Order(("birth", "sort_key"), descending=True)),
    "-age": ("年龄", Order(("birth", "sort_key"))),
    "-updated": ("最近更新", Order(("updated_at", "sort_key"), descending=True)),
    "updated": ("最近更新", Order(("updated_at", "sort_key"))),
}
LETTERS = "ABCDEFGHJKLMNOPQRSTWXYZ"  # no Chinese surname reads under I, U or V


def counted(experts: QuerySet[Expert], params: QueryDict) -> tuple[int, bool]:
    """How many there are, and whether that is exact: past a thousand only on request."""
    if params.get("count") == "exact":
        return experts.count(), True
    seen = experts.order_by()[: COUNT_LIMIT + 1].count()
    return min(seen, COUNT_LIMIT), seen <= COUNT_LIMIT


def sort_links(params: QueryDict, current: str) -> dict[str, dict[str, str]]:
    """For each sortable column: the URL that sorts by it and the direction in force."""
    links = {}
    for key in ("name", "age", "updated"):
        is_current = current.lstrip("-") == key
        flipped = key if current.startswith("-") else f"-{key}"
        links[key] = {
            "url": url_with(params, sort=flipped if is_current else key),
            "direction": ("desc" if current.startswith("-") else "asc") if is_current else "",
        }
    return links


@require_GET
def expert_list(request: HttpRequest) -> HttpResponse:
    if not request.user.may("view"):
        raise PermissionDenied
    params = request.GET
    filters = ExpertFilter(params, Expert.objects.visible_to(request.user), user=request.user)
    experts = filters.qs if filters.form.is_valid() else filters.queryset.none()
    sort = params.get("sort", "name") if params.get("sort") in ORDERS else "name"
    label, order = ORDERS[sort]
    if order.fields[0] == "birth":
        experts = experts.filter(birth__isnull=False)
    total, exact = counted(experts, params)
    context = {
        "filters": filters,
        "chips": list(chips(filters, params)),
        "page": page_by_key(experts.for_list(), order, params, PAGE_SIZE),
        "total": total,
        "exact": exact,
        "count_url": url_with(params, count="exact"),
        "page_summary": f"每页 {PAGE_SIZE} 人 · 按{label}排序",
        "sorts": sort_links(params, sort),
        "letters": letter_links(params) if sort == "name" else [],
        "params": params,
        "saved_filters": SavedFilter.objects.visible_to(request.user),
        "save_form": SavedFilterForm(),
        "may_change": request.user.may("change"),
        "categories": Category.choices,
        "labels": [(value.value, value.label) for value in Label if value <= request.user.clearance],
        "search_query": params.get("q", ""),
        "stale_years": STALE_YEARS,
    }
    return render(request, "experts/expert_list.html", page_urls(context, params))


def page_urls(context: dict[str, Any], params: QueryDict) -> dict[str, Any]:
    """Add the URLs of the neighbouring pages."""
    page = context["page"]
    start: dict[str, str | None] = {"after": None, "before": None, "letter": None}
    context["previous_url"] = url_with(params, **start | {"before": page.previous}) if page.previous else ""
    context["next_url"] = url_with(params, **start | {"after": page.next}) if page.next else ""
    return context


def letter_links(params: QueryDict) -> list[dict[str, Any]]:
    chosen = params.get("letter", "")[:1].upper()
    return [
        {
            "letter": letter,
            "url": url_with(params, letter=letter.lower(), after=None, before=None),
            "active": letter == chosen,
        }
        for letter in LETTERS
    ]


@require_GET
def suggest(request: HttpRequest) -> HttpResponse:
    """The first hits for what is typed in the header."""
    text = request.GET.get("q", "").strip()
    found: list[Expert] = []
    if text and request.user.may("view"):
        experts = matching(Expert.objects.visible_to(request.user), text, request.user)
        found = list(experts.for_list().order_by("sort_key")[:8])
    items = [
        {
            "title": expert.name,
            "detail": " · ".join(
                part for part in (expert.employer, expert.post, expert.unit.short_name) if part
            ),
            "url": reverse("experts:detail", args=[expert.uuid]),
            "mark": "重点" if expert.scope == "key" else "",
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


TABS = {"awards": "称号奖励", "facts": "详细资料", "log": "查阅记录"}


@require_GET
def expert_detail(request: HttpRequest, uuid: str) -> HttpResponse:
    expert = get_object_or_404(Expert.objects.visible_to(request.user).for_page(), uuid=uuid)
    if expert.label == Label.RESTRICTED:
        record(Verb.VIEW, by=request.user, kind="expert", reference=expert.record_number)
    awards = list(
        Award.objects.visible_to(request.user).filter(expert=expert).select_related("honour", "verified_by")
    )
    decision = decide(awards, works_in_beijing=expert.works_in_beijing, day=timezone.localdate())
    tab = request.GET.get("tab", "awards")
    tab = tab if tab in TABS else "awards"
    context: dict[str, Any] = {
        "expert": expert,
        "awards": awards,
        "decision": decision,
        "tab": tab,
        "tabs": [
            {
                "label": label,
                "url": f"?tab={key}",
                "active": key == tab,
                "count": len(awards) if key == "awards" else None,
            }
            for key, label in TABS.items()
        ],
        "may_change": Expert.objects.changeable_by(request.user).filter(pk=expert.pk).exists(),
        "is_stale": expert.is_stale(STALE_YEARS),
    }
    if tab == "facts":
        held = SensitiveValue.objects.visible_to(request.user).filter(expert=expert)
        context["masked"] = masked_values(expert, held, may_see=request.user.may("sensitive"))
    if tab == "log":
        context["events"] = Event.objects.filter(kind="expert", reference=expert.record_number)[:50]
    return render(request, "experts/expert_detail.html", context)


@require_http_methods(["GET", "POST"])
def expert_create(request: HttpRequest) -> HttpResponse:
    if not request.user.may("change"):
        raise PermissionDenied
    form = ExpertForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            expert = create_expert(by=request.user, facts=form.facts(), sensitive=form.secrets())
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            _keep_photo(request, form, expert)
            messages.success(request, f"已新增专家“{expert.name}”，档案号 {expert.record_number}。")
            return redirect("experts:detail", expert.uuid)
    return render(request, "experts/expert_form.html", {"form": form, "educations": EDUCATIONS})


@require_http_methods(["GET", "POST"])
def expert_edit(request: HttpRequest, uuid: str) -> HttpResponse:
    visible = Expert.objects.visible_to(request.user).for_page()
    expert = get_object_or_404(visible, uuid=uuid)
    if not Expert.objects.changeable_by(request.user).filter(pk=expert.pk).exists():
        raise PermissionDenied
    form = ExpertForm(request.POST or None, request.FILES or None, instance=expert, user=request.user)
    context = {"form": form, "expert": expert, "educations": EDUCATIONS}
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
            messages.success(request, "已保存。" if changed or form.cleaned_data["photo"] else "没有改动。")
            return redirect("experts:detail", expert.uuid)
    context["expert"] = get_object_or_404(
        visible, uuid=uuid
    )  # the form has overwritten the first one's fields
    return render(request, "experts/expert_form.html", context)


def _keep_photo(request: HttpRequest, form: ExpertForm, expert: Expert) -> None:
    if form.cleaned_data["photo"]:
        set_photo(by=request.user, expert=expert, upload=form.cleaned_data["photo"])


def _stale(request: HttpRequest, form: ExpertForm, current: Expert, context: dict[str, Any]) -> HttpResponse:
    """Show both versions; saving again from here replaces what the colleague saved, knowingly."""
    context |= {"expert": current, "conflict": conflict_rows(form, current)}
    form.data = form.data.copy()
    form.data["version"] = str(current.version)
    return render(request, "experts/expert_form.html", context, status=409)


@require_GET
def photo(request: HttpRequest, uuid: str) -> FileResponse:
    expert = get_object_or_404(Expert.objects.visible_to(request.user), uuid=uuid)
    if not expert.photo:
        raise Http404
    response = FileResponse(expert.photo.open("rb"), content_type="image/jpeg")
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
