"""What the pages of a meeting or symposium show, and what their reader may do about it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from activities.enums import Attendance, GatheringState, Reply
from activities.forms.gatherings import DropForm, InviteForm, ReplyForm
from activities.forms.resolutions import ResolutionForm
from activities.models import AgendaItem, Gathering, Guest, Invitation, Resolution
from activities.models.resolution import ResolutionQuerySet
from core.moments import due_state, due_text
from experts.forms.proposals import ExpertsForm

TONES = {
    GatheringState.PLANNED: "info",
    GatheringState.DONE: "ok",
    GatheringState.CANCELLED: "neutral",
    GatheringState.MISSED: "bad",
}
REPLY_TONES = {"": "warn", Reply.YES: "ok", Reply.NO: "bad", Reply.DELEGATE: "info"}
CAME_TONES = {Attendance.CAME: "ok", Attendance.EXCUSED: "neutral", Attendance.ABSENT: "bad"}


@dataclass(frozen=True)
class Asked:
    """One invitation as the page shows it."""

    invitation: Invitation
    reply: str
    tone: str
    came: str
    came_tone: str


def tabs(here: str) -> list[dict[str, Any]]:
    """The lists beside each other; `here` is the name of the route."""
    lists = {"list": "会议活动", "resolutions": "议定事项", "series_list": "例会安排"}
    return [
        {"label": label, "url": reverse(f"gatherings:{name}"), "active": name == here}
        for name, label in lists.items()
    ]


def tone_of(gathering: Gathering) -> str:
    return TONES[GatheringState(gathering.state)]


def asked(invitations: list[Invitation]) -> list[Asked]:
    return [
        Asked(
            each,
            each.get_reply_display() or "未回复",
            REPLY_TONES[each.reply],
            each.get_attendance_display(),
            CAME_TONES.get(Attendance(each.attendance), "") if each.attendance else "",
        )
        for each in invitations
    ]


def invitations_of(user: User, gathering: Gathering) -> list[Invitation]:
    rows = Invitation.objects.visible_to(user).filter(gathering=gathering)
    return list(
        rows.select_related("user__unit", "unit", "delegate").order_by("unit__order", "user__username")
    )


def guests_of(user: User, gathering: Gathering) -> list[Guest]:
    """Experts invited to a symposium whom the user sees; no count of others."""
    if gathering.is_meeting:
        return []
    rows = Guest.objects.visible_to(user).filter(gathering=gathering)
    return list(rows.select_related("expert__unit", "contact").order_by("expert__sort_key"))


def answers_for(user: User, invitation: Invitation) -> bool:
    """As Invitation.objects.answerable_by, of a row at hand."""
    if invitation.user_id:
        return invitation.user_id == user.pk
    return invitation.unit is not None and user.may("change", invitation.unit.order)


def with_due(resolutions: "QuerySet[Resolution] | list[Resolution]") -> list[tuple[Resolution, str, str]]:
    """Each with how long it still has, or how late it is, in words, and how that stands (late, soon)."""
    today = timezone.localdate()
    return [
        (each, _left(each.due_on, today), due_state(each.due_on, today=today))
        if each.is_open
        else (each, "已办结", "")
        for each in resolutions
    ]


def _left(due_on: date, today: date) -> str:
    return f"还有 {(due_on - today).days} 天" if due_on > today else due_text(due_on, today=today)


def resolutions_of(user: User, gathering: Gathering) -> ResolutionQuerySet:
    rows: ResolutionQuerySet = Resolution.objects.visible_to(user).filter(gathering=gathering)
    return rows.select_related("owner", "unit").order_by("due_on", "id")


def context_of(user: User, gathering: Gathering, **forms: Any) -> dict[str, Any]:
    """The whole page; `forms` are those that came back with something to put right."""
    invitations = invitations_of(user, gathering)
    keeps = user.may("change", gathering.place)
    planned = gathering.is_planned
    held_by_now = gathering.on <= timezone.localdate()
    mine = [each for each in invitations if answers_for(user, each)] if planned else []
    blank = {
        "reply_form": ReplyForm(user=user),
        "invite_form": InviteForm(user=user),
        "drop_form": DropForm(initial={"version": gathering.version}),
        "resolution_form": ResolutionForm(user=user),
        "guests_form": ExpertsForm(),
    }
    return {
        "gathering": gathering,
        "tone": tone_of(gathering),
        "agenda": AgendaItem.objects.visible_to(user).filter(gathering=gathering),
        "asked": asked(invitations),
        "guests": [
            (each, each.get_attendance_display(), CAME_TONES.get(Attendance(each.attendance), ""))
            if each.attendance
            else (each, "", "")
            for each in guests_of(user, gathering)
        ],
        "replied": sum(bool(each.reply) for each in invitations),
        "came": sum(each.attendance == Attendance.CAME for each in invitations),
        "mine": mine,
        "replying": next((each for each in mine if not each.reply), None),
        "resolutions": with_due(resolutions_of(user, gathering)),
        "may_plan": keeps and planned,
        "may_record": keeps and held_by_now and gathering.state in {"planned", "done"},
        "may_drop": keeps and planned,
        "may_miss": keeps and planned and held_by_now,
        "may_restore": keeps and gathering.state in {"cancelled", "missed"},
        "may_resolve": keeps and gathering.state == GatheringState.DONE,
        "overdue_record": keeps and planned and gathering.on < timezone.localdate(),
        **blank,
        **forms,
    }
