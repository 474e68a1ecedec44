"""The rules of reminders as a unit has them: what applies, where it comes from, and tuning one."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Unit
from accounts.models.unit import UnitQuerySet
from accounts.requests import UserRequest
from reminders.actions import inherit_rule, tune_rule
from reminders.forms import RuleForm
from reminders.registry import REGISTRY, Rule
from reminders.tuning import lines_of


def _reach(request: UserRequest) -> UnitQuerySet:
    """The units that the user may look at; 403 for those who hold the right nowhere."""
    if not request.user.may("view"):
        raise PermissionDenied
    return Unit.objects.reached_by(request.user, "view")


@require_GET
def rules(request: UserRequest) -> HttpResponse:
    """Every rule for one unit of the user's reach: their own at first."""
    units = _reach(request)
    code = request.GET.get("unit", "").replace("\0", "")
    unit = units.filter(code=code).first() or units.filter(pk=request.user.unit_id or 0).first()
    unit = unit or units.order_by("order").first()
    if unit is None:
        raise Http404
    context = {
        "unit": unit,
        "lines": lines_of(unit),
        "may_tune": request.user.may("approve", unit.order),
    }
    return render(request, "reminders/rules.html", context)


def _tunable(request: UserRequest, code: str, key: str) -> tuple[Unit, Rule]:
    """The unit and the rule, if the user sees the unit (404) and approves there (403)."""
    unit = get_object_or_404(_reach(request), code=code)
    rule = REGISTRY.rules.get(key)
    if rule is None or not rule.is_tunable:
        raise Http404
    if not request.user.may("approve", unit.order):
        raise PermissionDenied
    return unit, rule


def _back(unit: Unit) -> HttpResponse:
    return redirect(f"{reverse('reminders:rules')}?unit={unit.code}")


@require_http_methods(["GET", "POST"])
def tune(request: UserRequest, code: str, key: str) -> HttpResponse:
    """Switch a rule on or off for the unit and its subtree, and set its numbers."""
    unit, rule = _tunable(request, code, key)
    form = RuleForm(rule, unit, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        tune_rule(by=request.user, unit=unit, rule=rule, values=form.changed)
        messages.success(request, f"已保存“{rule.name}”。" if form.changed else "没有改动。")
        return _back(unit)
    own = any(value.source == unit for value in form.values.values())
    context = {"unit": unit, "rule": rule, "form": form, "has_own": own}
    return render(request, "reminders/rule_form.html", context, status=422 if form.errors else 200)


@require_POST
def inherit(request: UserRequest, code: str, key: str) -> HttpResponse:
    """Take the unit's own values of a rule away."""
    unit, rule = _tunable(request, code, key)
    inherit_rule(by=request.user, unit=unit, rule=rule)
    messages.success(request, f"“{rule.name}”已恢复继承。")
    return _back(unit)
