"""Meetings and symposia: their list, planning one, its page, replies, minutes (二（一）, 四（一）)."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import UserRequest
from activities.actions import gatherings as actions
from activities.actions import guests as guest_actions
from activities.actions.guests import hold_symposium
from activities.enums import GatheringKind, GatheringState, Reply
from activities.errors import AlreadyChanged
from activities.forms.gatherings import (
    AgendaFormSet,
    DropForm,
    GatheringFilter,
    GatheringForm,
    InviteForm,
    MinutesForm,
    PlanForm,
    ReplyForm,
    agenda_of,
    attendance_forms,
    guest_forms,
)
from activities.gathering_page import answers_for, context_of, guests_of, invitations_of, tabs, tone_of
from activities.models import AgendaItem, Gathering, Guest, Invitation
from core.paging import Order, page_by_key, url_with
from experts.filters import chips
from experts.forms.proposals import ExpertsForm, refuse
from experts.proposal_page import chosen_experts

PAGE_SIZE = 25
MOST_GUESTS = 100  # in one request
UNPROCESSABLE, CONFLICT = 422, 409
ORDERS = {"-day": Order(("on", "id"), descending=True), "day": Order(("on", "id"))}
LATE = "没有保存：这次活动刚被别人改过。下面是现在的内容，请核对后再办。"


@require_GET
def gathering_list(request: UserRequest) -> HttpResponse:
    user, params = request.user, request.GET
    if not user.may("view"):
        raise PermissionDenied
    filters = GatheringFilter(params, Gathering.objects.visible_to(user), user=user)
    found = filters.qs if filters.form.is_valid() else filters.queryset.none()
    sort = params.get("sort", "")
    order = ORDERS.get(sort, ORDERS["-day"])
    page = page_by_key(found.with_replies().select_related("unit"), order, params, PAGE_SIZE)
    backwards = sort != "day"
    context = {
        "tabs": tabs("list"),
        "page": page,
        "rows": [(each, tone_of(each)) for each in page.rows],
        "filters": filters,
        "chips": list(chips(filters, params)),
        "sort": {"url": url_with(params, sort="day" if backwards else None),
                 "direction": "desc" if backwards else "asc"},
        "may_change": user.may("change"),
        "today": timezone.localdate(),
        "previous_url": url_with(params, before=page.previous, after=None) if page.previous else "",
        "next_url": url_with(params, after=page.next, before=None) if page.next else "",
    }  # fmt: skip
    return render(request, "activities/gathering_list.html", context)


def opened(request: UserRequest, uuid: str, *, to_change: bool = False) -> Gathering:
    """The gathering that an address names; 404 when invisible, 403 when read-only and meant `to_change`."""
    visible = Gathering.objects.visible_to(request.user).select_related("unit", "series", "minutes_by")
    gathering = get_object_or_404(visible, uuid=uuid)
    if to_change and not request.user.may("change", gathering.place):
        raise PermissionDenied
    return gathering


def page(request: UserRequest, gathering: Gathering, *, status: int = 200, **forms: Any) -> HttpResponse:
    context = context_of(request.user, gathering, **forms)
    return render(request, "activities/gathering_detail.html", context, status=status)


def late(request: UserRequest, gathering: Gathering) -> HttpResponse:
    """Somebody was faster: the page as it stands now."""
    return page(request, opened(request, str(gathering.uuid)), status=CONFLICT, late=LATE)


def tried(
    request: UserRequest, gathering: Gathering, form: Any, act: Callable[[], Any], done: str, **forms: Any
) -> HttpResponse:
    """Do it and go back to the page; what stands against it is said there."""
    try:
        act()
    except AlreadyChanged:
        return late(request, gathering)
    except ValidationError as problem:
        refuse(form, problem)
        return page(request, gathering, status=UNPROCESSABLE, **forms)
    messages.success(request, done)
    return redirect("gatherings:detail", gathering.uuid)


@require_http_methods(["GET", "POST"])
def gathering_create(request: UserRequest, kind: str) -> HttpResponse:
    """Plan a meeting or a symposium of a unit that the user keeps."""
    user = request.user
    if kind not in GatheringKind.values:
        raise Http404
    if not user.may("change"):
        raise PermissionDenied
    sent = request.POST if request.method == "POST" else None
    first = {"unit": user.unit if user.unit and user.may("change", user.unit.order) else None}
    form = GatheringForm(sent, user=user, initial=first | {"on": request.GET.get("on", "")[:10]})
    agenda = AgendaFormSet(sent, prefix="agenda")
    if sent is not None and form.is_valid() & agenda.is_valid():
        data = form.cleaned_data
        try:
            gathering = actions.call_gathering(
                by=user, kind=GatheringKind(kind), unit=data["unit"], facts=form.facts(),
                agenda=agenda_of(agenda), people=data["people"], units=data["units"],
            )  # fmt: skip
        except ValidationError as problem:
            refuse(form, problem)
        else:
            messages.success(request, "已安排。")
            return redirect("gatherings:detail", gathering.uuid)
    context = {"form": form, "agenda": agenda, "kind": GatheringKind(kind)}
    return _form(request, context)


def _form(request: UserRequest, context: dict[str, Any]) -> HttpResponse:
    wrong = context["form"].errors or any(context["agenda"].errors)
    status = UNPROCESSABLE if wrong else 200
    return render(request, "activities/gathering_form.html", context, status=status)


@require_GET
def gathering_detail(request: UserRequest, uuid: str) -> HttpResponse:
    return page(request, opened(request, uuid))


@require_http_methods(["GET", "POST"])
def gathering_edit(request: UserRequest, uuid: str) -> HttpResponse:
    """Change what is planned."""
    gathering = opened(request, uuid, to_change=True)
    sent = request.POST if request.method == "POST" else None
    first = {name: getattr(gathering, name) for name in PlanForm.base_fields}
    form = PlanForm(sent, initial=first)
    items = AgendaItem.objects.visible_to(request.user).filter(gathering=gathering)
    agenda = AgendaFormSet(
        sent, prefix="agenda", initial=[{"title": each.title, "speaker": each.speaker} for each in items]
    )
    if sent is not None and form.is_valid() & agenda.is_valid():
        try:
            actions.change_gathering(
                by=request.user, gathering=gathering, version=_version(sent),
                facts=form.cleaned_data, agenda=agenda_of(agenda),
            )  # fmt: skip
        except AlreadyChanged:
            return late(request, gathering)
        except ValidationError as problem:
            refuse(form, problem)
        else:
            messages.success(request, "已保存。")
            return redirect("gatherings:detail", gathering.uuid)
    return _form(request, {"form": form, "agenda": agenda, "gathering": gathering})


def _version(sent: Any) -> int:
    """The version that the form was drawn from; one that is none has been overtaken."""
    text = str(sent.get("version", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@require_POST
def gathering_invite(request: UserRequest, uuid: str) -> HttpResponse:
    gathering, user = opened(request, uuid, to_change=True), request.user
    form = InviteForm(request.POST, user=user)
    if not form.is_valid():
        return page(request, gathering, status=UNPROCESSABLE, invite_form=form)
    data = form.cleaned_data
    act = lambda: actions.invite(by=user, gathering=gathering, people=data["people"], units=data["units"])  # noqa: E731
    return tried(request, gathering, form, act, "已邀请。", invite_form=form)


def _invitation(request: UserRequest, gathering: Gathering, invitation: str) -> Invitation:
    rows = Invitation.objects.visible_to(request.user).filter(gathering=gathering)
    return get_object_or_404(rows.select_related("gathering", "unit"), uuid=invitation)


@require_POST
def gathering_uninvite(request: UserRequest, uuid: str, invitation: str) -> HttpResponse:
    gathering, user = opened(request, uuid, to_change=True), request.user
    taken, form = _invitation(request, gathering, invitation), InviteForm(user=user)
    act = lambda: actions.uninvite(by=user, invitation=taken)  # noqa: E731
    return tried(request, gathering, form, act, "已取消邀请。", invite_form=form)


@require_POST
def gathering_reply(request: UserRequest, uuid: str, invitation: str) -> HttpResponse:
    """Answer one's own invitation or that of a unit."""
    gathering, user = opened(request, uuid), request.user
    chosen = _invitation(request, gathering, invitation)
    if not answers_for(user, chosen):
        raise PermissionDenied
    form = ReplyForm(request.POST, user=user)
    if not form.is_valid():
        return page(request, gathering, status=UNPROCESSABLE, reply_form=form, replying=chosen)
    data = form.cleaned_data

    def act() -> None:
        actions.answer_invitation(
            by=user, invitation=chosen, reply=Reply(data["reply"]), delegate=data["delegate"],
            comes=data["comes"], words=data["note"],
        )  # fmt: skip

    return tried(request, gathering, form, act, "已回复。", reply_form=form, replying=chosen)


@require_http_methods(["GET", "POST"])
def gathering_record(request: UserRequest, uuid: str) -> HttpResponse:
    """Who came, and the minutes; the first time also that it took place."""
    gathering, user = opened(request, uuid, to_change=True), request.user
    sent = request.POST if request.method == "POST" else None
    form = MinutesForm(sent, initial={"minutes": gathering.minutes, "version": gathering.version})
    came = attendance_forms(invitations_of(user, gathering), sent)
    guests = guest_forms(guests_of(user, gathering), sent)
    lines = [each for _, each in (*came, *guests)]
    if sent is not None and all([form.is_valid(), *(each.is_valid() for each in lines)]):
        data = form.cleaned_data
        noted = [{row.pk: each.cleaned_data["attendance"] for row, each in part} for part in (came, guests)]
        try:
            hold_symposium(by=user, gathering=gathering, attendance=noted[0], guests=noted[1], **data)
        except AlreadyChanged:
            return late(request, gathering)
        except ValidationError as problem:
            refuse(form, problem)
        else:
            messages.success(request, "已记录。有议定事项的，在下面逐项记。")
            return redirect("gatherings:detail", gathering.uuid)
    context = {"gathering": gathering, "form": form, "came": came, "guests": guests}
    status = UNPROCESSABLE if form.errors or any(each.errors for each in lines) else 200
    return render(request, "activities/gathering_record.html", context, status=status)


@require_POST
def gathering_drop(request: UserRequest, uuid: str) -> HttpResponse:
    """Cancel a gathering, or note that it was not held."""
    gathering, user = opened(request, uuid, to_change=True), request.user
    form = DropForm(request.POST)
    if not form.is_valid():
        return page(request, gathering, status=UNPROCESSABLE, drop_form=form)
    data = form.cleaned_data | {"state": GatheringState(form.cleaned_data["state"])}
    act = lambda: actions.drop_gathering(by=user, gathering=gathering, **data)  # noqa: E731
    return tried(request, gathering, form, act, f"已记为“{data['state'].label}”。", drop_form=form)


@require_POST
def gathering_restore(request: UserRequest, uuid: str) -> HttpResponse:
    gathering, user = opened(request, uuid, to_change=True), request.user
    form, version = DropForm(), _version(request.POST)
    act = lambda: actions.restore_gathering(by=user, gathering=gathering, version=version)  # noqa: E731
    return tried(request, gathering, form, act, "已恢复安排。", drop_form=form)


@require_POST
def guests_add(request: UserRequest, uuid: str) -> HttpResponse:
    """Invite the experts that `expert` names, of those whom the user sees."""
    gathering, user = opened(request, uuid, to_change=True), request.user
    form = ExpertsForm(request.POST)
    if not form.is_valid():
        return page(request, gathering, status=UNPROCESSABLE, guests_form=form)
    chosen = chosen_experts(user, form.cleaned_data["expert"], MOST_GUESTS)
    act = lambda: guest_actions.add_guests(by=user, gathering=gathering, experts=chosen)  # noqa: E731
    return tried(request, gathering, form, act, "已加入名单。", guests_form=form)


@require_POST
def guest_remove(request: UserRequest, uuid: str, guest: str) -> HttpResponse:
    gathering, user = opened(request, uuid, to_change=True), request.user
    rows = Guest.objects.visible_to(user).filter(gathering=gathering).select_related("expert", "gathering")
    taken, form = get_object_or_404(rows, uuid=guest), ExpertsForm()
    act = lambda: guest_actions.remove_guest(by=user, guest=taken)  # noqa: E731
    return tried(request, gathering, form, act, "已移出名单。", guests_form=form)
