"""Units in the product: the tree in the user's reach, one unit, its settings."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import parts
from accounts.actions import clear_unit_setting, set_unit_setting
from accounts.enums import UnitKind
from accounts.filters import UnitFilter, areas, clean
from accounts.forms import UnitSettingForm
from accounts.models import RoleAssignment, Unit, UnitSetting, User
from accounts.models.unit import UnitQuerySet
from accounts.requests import UserRequest
from accounts.roles import Right
from accounts.unit_settings import SETTINGS, SettingKind, SettingValue, effective, effective_all, inherited
from core.paging import Order, page_by_key

PAGE_SIZE = 50
CHILDREN_SHOWN = 20
OPTIONS_SHOWN = 20
TREE_ORDER = Order(("order",))
OPTION_RIGHTS: dict[str, Right] = {"view": "view", "change": "change", "approve": "approve"}
ANYWHERE = "any"


def _reach(user: User) -> UnitQuerySet:
    """The units that the user may look at; 403 for those who hold the right nowhere."""
    if not user.may("view"):
        raise PermissionDenied
    return Unit.objects.reached_by(user, "view")


@require_GET
def units(request: UserRequest) -> HttpResponse:
    """The unit tree in the user's reach, filtered by the URL."""
    reach = _reach(request.user)
    chosen = UnitFilter.read(request.GET, reach)
    found = chosen.apply(reach)
    page = page_by_key(found.with_people(), TREE_ORDER, request.GET, PAGE_SIZE)
    context = {
        "page": page,
        "total": found.count(),
        "filter": chosen,
        "chips": chosen.chips(request.GET),
        "kinds": UnitKind.choices,
        "areas": areas(reach),
        **page.urls(request.GET),
    }
    return render(request, "accounts/units.html", context)


@require_GET
def unit_options(request: UserRequest) -> HttpResponse:
    """Units for a picker, as JSON: those in the reach of `right` (view, change or approve) that match `q`, or
    with `any` for those who change records, wherever an expert may have moved to."""
    asked = request.GET.get("right", "view")
    if asked == ANYWHERE and request.user.may("change"):
        units = Unit.objects.active()
    elif right := OPTION_RIGHTS.get(asked):
        units = Unit.objects.reached_by(request.user, right).active()
    else:
        return HttpResponseBadRequest("right is view, change or approve", content_type="text/plain")
    found = units.matching(clean(request.GET.get("q", "")))
    rows = found.order_by("order")[:OPTIONS_SHOWN].values("code", "short_name", "name")
    return JsonResponse(
        {
            "results": [
                {"value": row["code"], "text": row["short_name"], "detail": row["name"]} for row in rows
            ]
        }
    )


@require_GET
def unit(request: UserRequest, code: str) -> HttpResponse:
    """One unit: facts, people, units below, settings in force and where they come from."""
    found = get_object_or_404(
        _reach(request.user).select_related("first_leader", "leader_in_charge"), code=code
    )
    above = list(Unit.objects.above(found))[:0:-1]
    children = found.children.order_by("order")
    context = {
        "unit": found,
        "ancestors": [(each, request.user.may("view", each.order)) for each in above],
        "people": RoleAssignment.objects.working_at(found),
        "children": children[:CHILDREN_SHOWN],
        "child_count": children.count(),
        "settings": list(effective_all(found)),
        "may_set": request.user.may("approve", found.order),
        "parts": parts.CARDS.given(request.user, found),
    }
    return render(request, "accounts/unit.html", context)


def _settable(user: User, code: str, key: str) -> tuple[Unit, SettingKind]:
    """The unit and the setting, if the user may see the unit (404) and approve there (403)."""
    found = get_object_or_404(_reach(user), code=code)
    if key not in SETTINGS:
        raise Http404
    if not user.may("approve", found.order):
        raise PermissionDenied
    return found, SETTINGS[key]


@require_http_methods(["GET", "POST"])
def unit_setting(request: UserRequest, code: str, key: str) -> HttpResponse:
    """Set a value for the unit and its subtree, or see what applies."""
    found, kind = _settable(request.user, code, key)
    current = effective(found, key)
    own = current.source == found
    first = current.value if own or not kind.words else ""
    above = inherited(found, key) if own else current
    form = UnitSettingForm(above, request.POST or None, initial={"value": first})
    if request.method == "POST" and form.is_valid():
        return _set(request, current, form.cleaned_data["value"])
    context: dict[str, Any] = {"unit": found, "setting": current, "form": form}
    return render(request, "accounts/unit_setting.html", context, status=422 if form.errors else 200)


def _set(request: UserRequest, current: SettingValue, value: int | None) -> HttpResponse:
    """Keep the value for the unit, or with None take its own away; back to the unit."""
    unit, kind = current.unit, current.kind
    if value is not None:
        set_unit_setting(by=request.user, unit=unit, key=kind.key, value=value)
    elif current.source == unit:
        own = get_object_or_404(UnitSetting, unit=unit, key=kind.key)
        clear_unit_setting(by=request.user, setting=own)
    messages.success(request, f"已保存“{kind.label}”。")
    return redirect("accounts:unit", code=unit.code)


@require_POST
def inherit_unit_setting(request: UserRequest, code: str, key: str) -> HttpResponse:
    """Take the unit's own value away, so that it inherits again."""
    found, kind = _settable(request.user, code, key)
    setting = get_object_or_404(UnitSetting, unit=found, key=key)
    clear_unit_setting(by=request.user, setting=setting)
    messages.success(request, f"“{kind.label}”已恢复继承。")
    return redirect("accounts:unit", code=found.code)
