"""Planning a contact, writing one down, setting one right."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.requests import UserRequest
from activities.actions import contacts as actions
from activities.conflicts import Clash, Plan, conflicts
from activities.coverage import standing
from activities.enums import ContactKind, ContactState
from activities.errors import StaleContact
from activities.finding import planned_near
from activities.forms.contacts import PlanForm, RecordForm, experts_named
from activities.models import Contact
from activities.presenting import about, conflict_rows
from activities.views.lookup import open_contact, tell_of
from core.moments import day_text
from core.requests import known_uuids
from experts.forms.proposals import refuse
from experts.models import Expert
from experts.people import people_with
from experts.views.lookup import open_expert

UNPROCESSABLE, CONFLICT = 422, 409
OPEN = {ContactState.DRAFT, ContactState.PLANNED, ContactState.DONE}


@require_http_methods(["GET", "POST"])
def plan(request: UserRequest) -> HttpResponse:
    """Plan a contact with one expert or several."""
    user = request.user
    if not user.may("change"):
        raise PermissionDenied
    if request.method == "POST":
        found = experts_named(user, request.POST.getlist("experts"))
        form = PlanForm(request.POST, user=user, experts=found)
        if form.is_valid() and (response := _planned(request, form)):
            return response
        return _plan_page(request, form, status=UNPROCESSABLE if form.errors else 200)
    found = experts_named(user, request.GET.getlist("expert"))
    return _plan_page(request, PlanForm(user=user, experts=found, initial=_asked(request)))


def _asked(request: UserRequest) -> dict[str, Any]:
    kind = request.GET.get("kind", "")
    return {"kind": kind} if kind in ContactKind.values else {}


def _planned(request: UserRequest, form: PlanForm) -> HttpResponse | None:
    """The answer once it is planned; None when something is to be said first."""
    experts, facts, went = form.cleaned_data["experts"], form.facts(), form.went_by()
    form.clashes, form.near = _clashes(request, experts, facts, went.usernames)
    if form.must_be_seen:
        return None
    try:
        made = actions.plan_contact(
            by=request.user, experts=experts, uuid=form.cleaned_data["uuid"], facts=facts, went=went
        )
    except ValidationError as problem:
        refuse(form, problem)
        return None
    messages.success(request, f"已安排 {len(made)} 次联系。" if len(made) > 1 else "已安排。")
    if len(made) == 1:
        return redirect("contacts:contact", made[0].uuid)
    return redirect(f"{reverse('contacts:list')}?state=planned&box=mine&sort=day")


def _clashes(
    request: UserRequest, experts: list[Expert], facts: dict[str, Any], usernames: tuple[str, ...]
) -> tuple[list[Clash], list[Clash]]:
    """What stands in the way of the plan, and what is planned about that day, as far as the user may know."""
    people = tuple(people_with("view").filter(username__in=usernames))
    plan = Plan(facts["on"], facts["starts"], facts["ends"], people, tuple(experts), facts["venue"])
    return conflicts(request.user, plan), planned_near(request.user, experts, facts["on"])


def _plan_page(request: UserRequest, form: PlanForm, status: int = 200) -> HttpResponse:
    tell_of(request, form.found)
    return render(request, "activities/contact_plan.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
def record(request: UserRequest) -> HttpResponse:
    """Write down a contact that took place."""
    user = request.user
    if not user.may("change"):
        raise PermissionDenied
    if request.method == "POST":
        form = RecordForm(request.POST, request.FILES, user=user)
        if form.is_valid() and (response := _recorded(request, form)):
            return response
        return _record_page(request, form, status=UNPROCESSABLE)
    chosen = request.GET.get("expert", "")
    if chosen and not known_uuids([chosen]):
        raise Http404
    expert = open_expert(request, chosen) if chosen else None
    return _record_page(request, RecordForm(user=user, expert=expert, initial=_asked(request)))


def _recorded(request: UserRequest, form: RecordForm) -> HttpResponse | None:
    expert, facts, heard = form.cleaned_data["expert"], form.facts(), form.brought()
    act = actions.save_draft if form.is_draft else actions.record_contact
    try:
        contact = act(
            by=request.user, expert=expert, uuid=form.cleaned_data["uuid"], facts=facts, heard=heard
        )
    except ValidationError as problem:
        refuse(form, problem)
        return None
    return _told(request, contact)


@require_http_methods(["GET", "POST"])
def edit(request: UserRequest, uuid: str) -> HttpResponse:
    """Write down what came of a plan, go on with a draft, or set a record right."""
    contact = open_contact(request, uuid, to_change=True)
    if contact.state not in OPEN:
        messages.warning(request, "已取消和未成行的联系不再修改，请另记一次。")
        return redirect("contacts:contact", contact.uuid)
    if request.method == "POST":
        form = RecordForm(request.POST, request.FILES, user=request.user, contact=contact)
        if form.is_valid():
            try:
                return _told(request, _saved(request, form, contact))
            except StaleContact as stale:
                return _stale(request, form, stale.current)
            except ValidationError as problem:
                refuse(form, problem)
        return _record_page(request, form, status=UNPROCESSABLE)
    return _record_page(request, RecordForm(user=request.user, contact=contact))


def _saved(request: UserRequest, form: RecordForm, contact: Contact) -> Contact:
    given: dict[str, Any] = {"facts": form.facts(), "heard": form.brought()}
    if contact.is_draft and form.is_draft:
        return actions.save_draft(by=request.user, expert=contact.expert, uuid=contact.uuid, **given)
    act = actions.correct_contact if contact.is_done else actions.complete_contact
    version = form.cleaned_data["version"] or 0
    return act(by=request.user, contact=contact, version=version, **given)


def _stale(request: UserRequest, form: RecordForm, current: Contact) -> HttpResponse:
    """Show both versions; sending it again from here replaces what the colleague saved, knowingly."""
    rows = conflict_rows(form, current)
    data = request.POST.copy()
    data["version"] = str(current.version)
    form.data, form.contact = data, current
    return _record_page(request, form, status=CONFLICT, conflict=rows)


def _record_page(request: UserRequest, form: RecordForm, status: int = 200, **extra: Any) -> HttpResponse:
    expert: Expert | None = form.found
    context: dict[str, Any] = {"form": form, "contact": form.contact, "expert": expert}
    if expert:
        context |= about(request.user, expert)
    return render(request, "activities/contact_record.html", context | extra, status=status)


def _told(request: UserRequest, contact: Contact) -> HttpResponse:
    if contact.is_draft:
        messages.success(request, "已存为草稿，只有您看得到。")
        return redirect("contacts:contact", contact.uuid)
    found = standing(request.user, [contact.expert]).get(contact.expert_id)
    text = "已记录。"
    if not contact.way:
        text += "没有领导或联络员参加，不计入联系覆盖。"
    elif found and found.due_on > timezone.localdate():
        text += f"{contact.expert.name} 下次应在 {day_text(found.due_on)} 前联系。"
    messages.success(request, text)
    return redirect("contacts:contact", contact.uuid)
