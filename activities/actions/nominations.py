"""Who takes part in a class: nominated, confirmed by the organiser, registered, attending (四（一）)."""

from collections.abc import Iterable, Mapping, Sequence

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Unit, User
from activities.actions.training import running
from activities.enums import Attendance, NominationState
from activities.models import Nomination, TrainingClass, TrainingSession
from audit.actions import record_each
from audit.verbs import Verb
from experts.enums import Label
from experts.models import Expert, RosterEntry
from experts.models.expert import ExpertQuerySet

MOST = 200  # experts in one act
NAMED = 10
CLOSED = "这个班次现在不能推荐：计划还没有批准、已过推荐截止日期，或班次已经结束。"
TAKEN = "有专家刚被推荐过，请刷新后再看。"


def own_experts(user: User, unit: Unit) -> ExpertQuerySet:
    """Living experts that a unit may nominate: managed by it or one below it, or on their rosters; restricted
    ones never."""
    listed = RosterEntry.objects.open().within(unit).filter(expert=OuterRef("pk"))
    ours = Q(unit_order__range=(unit.order, unit.order_end)) | Exists(listed)
    return Expert.objects.visible_to(user).filter(ours, label__lt=Label.RESTRICTED, died_on__isnull=True)


@transaction.atomic
def nominate(
    *, by: User, training: TrainingClass, unit: Unit, experts: Iterable[Expert], note: str = ""
) -> int:
    """Put a unit's own experts forward; returns how many are new. ValidationError when the class is closed,
    or names those who are not the unit's."""
    current = TrainingClass.objects.visible_to(by).select_related("plan").filter(pk=training.pk).first()
    if current is None or not by.may("change", unit.order):
        raise PermissionDenied
    if not current.is_open:
        raise ValidationError(CLOSED)
    chosen = list(experts)[:MOST]
    keys = [each.pk for each in chosen]
    allowed = set(own_experts(by, unit).filter(pk__in=keys).values_list("pk", flat=True))
    if outside := [each.name for each in chosen if each.pk not in allowed]:
        raise ValidationError(f"{_names(outside)}不是{unit}的专家，或不能在这里推荐。")
    there = Nomination.objects.visible_to(by).open().filter(training=current, expert__in=keys)
    have = set(there.values_list("expert_id", flat=True))
    new = [each for each in chosen if each.pk not in have]
    rows = [Nomination(training=current, expert=each, unit=unit, note=note, nominated_by=by) for each in new]
    try:
        with transaction.atomic():
            Nomination.objects.bulk_create(rows)
    except IntegrityError as error:
        if "nomination_open_once" not in str(error):
            raise
        raise ValidationError(TAKEN) from None
    _trail(by, Verb.REQUEST, new)
    return len(new)


@transaction.atomic
def confirm(*, by: User, training: TrainingClass, nominations: QuerySet[Nomination]) -> tuple[int, int]:
    """Give places in the order in which units asked; who finds none is put on the waiting list. Returns how
    many were confirmed and how many wait."""
    current = running(by, training)
    asked = (NominationState.NOMINATED, NominationState.WAITING, NominationState.DECLINED)
    chosen = _chosen(by, current, nominations, asked)
    placed, rest = chosen[: current.room], chosen[current.room :]
    waiting = [each for each in rest if each.state != NominationState.WAITING]
    _set(by, placed, NominationState.CONFIRMED)
    _set(by, waiting, NominationState.WAITING)
    return len(placed), len(rest)


@transaction.atomic
def decline(*, by: User, training: TrainingClass, nominations: QuerySet[Nomination]) -> int:
    """Take no one in; a place that was given becomes free. Returns how many."""
    current = running(by, training)
    asked = (NominationState.NOMINATED, NominationState.WAITING, NominationState.CONFIRMED)
    chosen = _chosen(by, current, nominations, asked)
    if there := [each.expert.name for each in chosen if each.registered_at]:
        raise ValidationError(f"{_names(there)}已经报到，不能改为未安排。")
    _set(by, chosen, NominationState.DECLINED)
    return len(chosen)


@transaction.atomic
def withdraw(*, by: User, training: TrainingClass, nominations: QuerySet[Nomination]) -> int:
    """Take nominations of one's own unit back before the expert has registered; returns how many."""
    own = (
        Nomination.objects.nominated_by(by)
        .open()
        .filter(training=training, registered_at__isnull=True, pk__in=nominations.values("pk"))
    )
    chosen = list(own.select_related("expert").select_for_update(of=("self",), no_key=True).order_by("pk"))
    _set(by, chosen, NominationState.WITHDRAWN)
    return len(chosen)


@transaction.atomic
def register(*, by: User, training: TrainingClass, nominations: QuerySet[Nomination]) -> int:
    """Note that the confirmed have arrived (报到), from the first day on; returns how many are new."""
    current = running(by, training)
    if current.starts_on > timezone.localdate():
        raise ValidationError(f"{current.starts_on} 开班，开班以后才能报到。")
    confirmed = _chosen(by, current, nominations, (NominationState.CONFIRMED,))
    chosen = [each for each in confirmed if each.registered_at is None]
    keys = [each.pk for each in chosen]
    rows = Nomination.objects.changeable_by(by).filter(pk__in=keys)
    rows.update(registered_at=timezone.now(), registered_by=by)
    _trail(by, Verb.CHANGE, [each.expert for each in chosen])
    return len(chosen)


@transaction.atomic
def note_attendance(
    *, by: User, training: TrainingClass, session: TrainingSession, attendance: Mapping[int, str]
) -> int:
    """Note for one session who came, by nomination; an empty word takes a note back. Returns how many
    changed. Other sessions stay as they are, also when two people note at once."""
    current = running(by, training)
    rows = Nomination.objects.changeable_by(by).filter(
        training=current, state=NominationState.CONFIRMED, pk__in=attendance
    )
    changed = []
    for each in rows.select_related("expert").select_for_update(of=("self",), no_key=True).order_by("pk"):
        wanted, key = attendance[each.pk], str(session.uuid)
        if wanted and wanted not in Attendance.values:
            raise ValidationError("考勤只能是到会、请假或缺席。")
        if each.attendance.get(key, "") == wanted:
            continue
        each.attendance = {name: word for name, word in each.attendance.items() if name != key}
        if wanted:
            each.attendance[key] = wanted
        each.save(update_fields=["attendance"])
        changed.append(each.expert)
    _trail(by, Verb.CHANGE, changed)
    return len(changed)


def _chosen(
    by: User, training: TrainingClass, nominations: QuerySet[Nomination], states: Iterable[NominationState]
) -> list[Nomination]:
    """The organiser's own rows among these, in the order of nomination, held until the transaction ends."""
    rows = Nomination.objects.changeable_by(by).filter(
        training=training, state__in=list(states), pk__in=nominations.values("pk"), label__lt=Label.RESTRICTED
    )
    return list(
        rows.select_related("expert")
        .select_for_update(of=("self",), no_key=True)
        .order_by("nominated_at", "pk")
    )


def _set(by: User, nominations: Sequence[Nomination], state: NominationState) -> None:
    rows = Nomination.objects.visible_to(by).filter(pk__in=[each.pk for each in nominations])
    rows.update(state=state)
    _trail(by, Verb.CHANGE, [each.expert for each in nominations])


def _trail(by: User, verb: Verb, experts: Sequence[Expert]) -> None:
    if experts:
        numbers = [each.record_number for each in experts]
        record_each(verb, by=by, kind="expert", references=numbers, fields=["training"])


def _names(names: Sequence[str]) -> str:
    rest = f"等 {len(names)} 人" if len(names) > NAMED else ""
    return "、".join(names[:NAMED]) + rest
