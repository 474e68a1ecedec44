"""Training of the demo: Haidian has approved plans with a class that is over, one that is being filled and
one to come; the plan of the city waits for approval. A class lies in the plan of the year it begins in."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from accounts.models import Unit, User
from activities.enums import Attendance, ClassState, NominationState, PlanState, TrainingKind
from activities.models import Nomination, TrainingClass, TrainingPlan, TrainingSession
from experts.enums import Label
from experts.models import Expert, RosterEntry

OFFICER, HEAD = "officer_haidian", "director_haidian"
CONFIRMED = 8


def add_training(units: dict[str, Unit], users: dict[str, User], today: date) -> None:
    """Classes before, around and after today; only experts whom everybody in reach sees."""
    haidian, officer = units["D04"], users[OFFICER]
    over_on, coming_on, lecture_on = (today + timedelta(days=days) for days in (-60, 20, 35))
    years = sorted({day.year for day in (over_on, coming_on, lecture_on)})
    plans = {year: _plan(haidian, officer, users[HEAD], today, year) for year in years}
    entries = RosterEntry.objects.of(haidian).open().filter(label=Label.INTERNAL).select_related("expert")
    listed = [entry.expert for entry in entries.order_by("sort_key")]
    over = _class(plans[over_on.year], officer, "海淀区专家国情研修班（第一期）", over_on, 10)
    _fill(over, officer, listed[:CONFIRMED], came=True)
    TrainingClass.objects.filter(pk=over.pk).update(state=ClassState.DONE)
    coming = _class(plans[coming_on.year], officer, "海淀区专家国情研修班（第二期）", coming_on, 6)
    _fill(coming, officer, listed[CONFIRMED : CONFIRMED + 4], came=False)
    _class(
        plans[lecture_on.year], officer, "科技伦理专题讲座", lecture_on, 40, days=1, kind=TrainingKind.LECTURE
    )
    city_on = today + timedelta(days=50)
    city = TrainingPlan.objects.create(
        unit=units["BJ"], year=city_on.year, note="全市专家国情研修。", created_by=users["staff_city"]
    )
    _class(city, users["staff_city"], "全市专家国情研修班", city_on, 60)


def _plan(unit: Unit, officer: User, head: User, today: date, year: int) -> TrainingPlan:
    moment = timezone.make_aware(datetime.combine(today - timedelta(days=120), time(10)))
    return TrainingPlan.objects.create(
        unit=unit, year=year, note="全年两期国情研修班，专题讲座若干。", created_by=officer,
        state=PlanState.APPROVED, approved_by=head, approved_at=moment,
    )  # fmt: skip


def _class(
    plan: TrainingPlan, by: User, title: str, start: date, places: int, *, days: int = 3,
    kind: TrainingKind = TrainingKind.NATIONAL,
) -> TrainingClass:  # fmt: skip
    training = TrainingClass.objects.create(
        plan=plan, unit=plan.unit, kind=kind, title=title, base="演示党校", starts_on=start,
        ends_on=start + timedelta(days=days - 1), nominate_by=start - timedelta(days=5), places=places,
        created_by=by,
    )  # fmt: skip
    TrainingSession.objects.bulk_create(
        TrainingSession(training=training, on=start + timedelta(days=number)) for number in range(days)
    )
    return training


def _fill(training: TrainingClass, by: User, experts: list[Expert], *, came: bool) -> None:
    """The first half confirmed; of a class that is over all, registered, with attendance."""
    sessions = [str(session.uuid) for session in training.sessions.all()]
    moment = timezone.make_aware(datetime.combine(training.starts_on, time(8, 30)))
    for number, expert in enumerate(experts):
        has_place = came or number < len(experts) // 2
        Nomination.objects.create(
            training=training, expert=expert, unit=training.unit, nominated_by=by,
            state=NominationState.CONFIRMED if has_place else NominationState.NOMINATED,
            registered_at=moment if came else None, registered_by=by if came else None,
            attendance=dict.fromkeys(sessions, Attendance.CAME.value) if came else {},
        )  # fmt: skip
    nominated = min(moment - timedelta(days=12), timezone.now())
    training.nominations.update(nominated_at=nominated)
