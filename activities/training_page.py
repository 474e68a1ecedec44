"""What the pages of a class show: its tabs, who takes part, and what the user may do."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import Unit, User
from activities.enums import Attendance, ClassState, NominationState
from activities.models import Nomination, TrainingClass, TrainingFile, TrainingSession
from core.paging import Order, page_by_key

TABS = {"people": "推荐与确认", "attendance": "报到与考勤", "files": "材料", "facts": "班次情况"}
PEOPLE_SHOWN = 50
BY_NAME = Order(("sort_key", "id"))
TONES = {
    "nominated": "info",
    "confirmed": "ok",
    "waiting": "warn",
    "declined": "neutral",
    "withdrawn": "neutral",
}


@dataclass(frozen=True)
class Line:
    """One nomination on the page."""

    nomination: Nomination
    tone: str


def opened_class(user: User) -> QuerySet[TrainingClass]:
    return TrainingClass.objects.visible_to(user).select_related("plan", "unit")


def nominations_of(user: User, training: TrainingClass) -> QuerySet[Nomination]:
    return Nomination.objects.visible_to(user).filter(training=training).select_related("expert", "unit")


def people(user: User, training: TrainingClass, params: QueryDict) -> dict[str, Any]:
    """One page of those put forward, by name; `state` narrows to one state."""
    rows = nominations_of(user, training)
    state = params.get("state", "")
    if state in NominationState.values:
        rows = rows.filter(state=state)
    page = page_by_key(rows, BY_NAME, params, PEOPLE_SHOWN)
    lines = [Line(each, TONES.get(each.state, "neutral")) for each in page.rows]
    return {"lines": lines, "states": NominationState.choices, "state": state, **page.urls(params)}


def confirmed(user: User, training: TrainingClass) -> list[Nomination]:
    """Those with a place, in the order of names: whom registration and attendance are about."""
    rows = nominations_of(user, training).filter(state=NominationState.CONFIRMED)
    return list(rows.order_by("sort_key", "id"))


def sheet(user: User, training: TrainingClass) -> dict[str, Any]:
    """The attendance list: for each of the confirmed what was noted for each session."""
    sessions = list(TrainingSession.objects.visible_to(user).filter(training=training))
    words = dict(Attendance.choices)
    rows = [
        (each, [words.get(each.attendance.get(str(session.uuid), ""), "") for session in sessions])
        for each in confirmed(user, training)
    ]
    return {"sessions": sessions, "rows": rows}


def context_of(user: User, training: TrainingClass, params: QueryDict, tab: str = "") -> dict[str, Any]:
    """Of one tab of the page of a class: the one asked for, else that of the address."""
    tab = tab or params.get("tab", "people")
    tab = tab if tab in TABS else "people"
    keeps = user.may("change", training.place)
    is_running = training.state == ClassState.PLANNED
    context: dict[str, Any] = {
        "training": training,
        "tab": tab,
        "tabs": [{"label": label, "url": f"?tab={key}", "active": key == tab} for key, label in TABS.items()],
        "keeps": keeps,
        "runs": keeps and is_running,
        "may_nominate": user.may("change") and training.is_open,
        "may_withdraw": user.may("change") and is_running,
        "has_begun": training.starts_on <= timezone.localdate(),
        "here": reverse("training:detail", args=[training.uuid]),
    }
    if tab == "people":
        context |= people(user, training, params)
    elif tab == "attendance":
        context |= sheet(user, training)
        context["arrived"] = sum(each.registered_at is not None for each, _ in context["rows"])
    elif tab == "files":
        context["files"] = TrainingFile.objects.visible_to(user).filter(training=training)
    return context


def nominating_unit(user: User, code: str) -> Unit:
    """The unit that the address names, else the user's own; 403 when the user keeps none."""
    kept = Unit.objects.reached_by(user, "change").active()
    asked = code.replace("\0", "") or (user.unit.code if user.unit else "")
    unit = kept.filter(code=asked).first() or kept.order_by("order").first()
    if unit is None:
        raise PermissionDenied
    return unit
