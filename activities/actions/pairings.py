"""Pairing experts with a leader or a liaison officer, handing them over, ending it (四（一）, 五（一）)."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import Unit, User
from activities.enums import PairingEnd, PairingKind
from activities.models import Pairing
from activities.posts import Limits, Post, assignments, loads_of
from audit.actions import record_each
from audit.verbs import Verb
from experts.models import Expert, RosterEntry
from experts.visibility import placed_in_reach
from reminders.actions import tell

EARLIEST = date(2014, 5, 6)  # the day of the policy
NAMED = 10  # people whom a refusal names one by one
TAKEN = "有专家在这一天以后已有联系人（刚安排的，或已结束的），请刷新后再看，或改日期。"


@transaction.atomic
def pair(*, by: User, entries: QuerySet[RosterEntry], person: User, kind: PairingKind, since: date) -> int:
    """Let a person keep in touch with the experts of these roster entries, each for the entry's unit; returns
    of how many. Experts whose leader or officer has left are handed over.

    ValidationError says what stands against it; nobody is paired then. Entries that are closed or of units
    that `by` does not keep are passed over.
    """
    chosen = list(
        RosterEntry.objects.visible_to(by)
        .open()
        .filter(placed_in_reach(by, "change"), pk__in=entries.values("pk"))
        .select_related("expert", "unit")
        .order_by("sort_key")
    )
    there = _there(by, chosen, kind)
    _refuse_if(f"已有{kind.label}，请用“移交”", [each for each in there if each.in_post])
    units = {entry.unit for entry in chosen}
    _check(by, person, kind, units, [entry.expert for entry in chosen], since)
    _close(by, there, since, PairingEnd.HANDED_OVER)
    _open(by, person, kind, [(entry.expert, entry.unit) for entry in chosen], since)
    _tell(by, person, len(chosen))
    return len(chosen)


@transaction.atomic
def hand_over(*, by: User, pairings: QuerySet[Pairing], person: User, since: date) -> int:
    """Give open pairings to another person from a day on; returns how many. ValidationError as for `pair`."""
    chosen = _locked(by, Q(pk__in=pairings.values("pk")))
    _refuse_if(f"已经由{person}联系", [each for each in chosen if each.person_id == person.pk])
    for kind in PairingKind:
        those = [each for each in chosen if each.kind == kind]
        if those:
            _check(by, person, kind, {each.unit for each in those}, [each.expert for each in those], since)
    _close(by, chosen, since, PairingEnd.HANDED_OVER)
    for kind in PairingKind:
        _open(by, person, kind, [(each.expert, each.unit) for each in chosen if each.kind == kind], since)
    _tell(by, person, len(chosen))
    return len(chosen)


@transaction.atomic
def end(*, by: User, pairings: QuerySet[Pairing]) -> int:
    """End open pairings today, without anybody else in their place; returns how many."""
    chosen = _locked(by, Q(pk__in=pairings.values("pk")))
    _close(by, chosen, timezone.localdate(), PairingEnd.ENDED)
    return len(chosen)


def _there(by: User, entries: Sequence[RosterEntry], kind: PairingKind) -> list[Pairing]:
    """The open pairings that these experts have in these units already."""
    wanted = {(entry.expert_id, entry.unit_id) for entry in entries}
    found = _locked(by, Q(kind=kind, expert__in={expert for expert, _ in wanted}))
    return [each for each in found if (each.expert_id, each.unit_id) in wanted]


def _locked(by: User, which: Q) -> list[Pairing]:
    """Open pairings that the user may change, held until the transaction ends."""
    rows = Pairing.objects.changeable_by(by).open().filter(which).with_post(timezone.localdate())
    rows = rows.select_related("expert", "unit", "person").order_by("pk")
    return list(rows.select_for_update(of=("self",), no_key=True))


def _check(
    by: User, person: User, kind: PairingKind, units: Iterable[Unit], experts: Sequence[Expert], since: date
) -> None:
    """Whether the person may have these experts as well, from that day on."""
    if not EARLIEST <= since <= timezone.localdate():
        raise ValidationError({"since": f"请填 {EARLIEST} 以后、今天或以前的日期。"})
    User.objects.select_for_update(no_key=True).get(pk=person.pk)  # two at once would both find room
    posts = _posts(by, person, kind, units)
    seen = set(
        Expert.objects.visible_to(person).filter(pk__in=[e.pk for e in experts]).values_list("pk", flat=True)
    )
    hidden = [expert.name for expert in experts if expert.pk not in seen]
    if hidden:
        raise ValidationError(
            {"person": f"{person}看不到{_names(hidden)}的档案，不能结对。敏感档案请由安全管理员设定可见标签，"
                       "限知悉档案请先列入知悉范围。"}
        )  # fmt: skip
    tightest = min(posts, key=lambda post: len(experts) if post.room is None else post.room, default=None)
    if tightest is not None and tightest.room is not None and tightest.room < len(experts):
        raise ValidationError({"person": _too_many(tightest, len(experts))})


def _posts(by: User, person: User, kind: PairingKind, units: Iterable[Unit]) -> list[Post]:
    """For each unit the post in which the person is there for it; ValidationError where there is none."""
    held = [each.unit for each in assignments(kind).filter(user=person)]
    load, limits, found = loads_of(by, [person.pk]).get((person.pk, kind), 0), Limits(), []
    for unit in units:
        over = [at for at in held if at.contains(unit.order)]
        if not over:
            raise ValidationError({"person": f"{person}没有在{unit}担任{_role_words(kind)}，不能结对。"
                                             "请先由安全管理员授予角色。"})  # fmt: skip
        at = max(over, key=lambda each: each.order)
        found.append(Post(person, at, load, limits.of(person, at, kind)))
    return found


def _tell(by: User, person: User, number: int) -> None:
    if number:
        tell(
            by=by,
            recipients=[person],
            text=f"您新联系 {number} 名专家，请查看。",
            url=reverse("pairings:mine"),
        )


def _role_words(kind: PairingKind) -> str:
    return "领导或组织部门负责人" if kind == PairingKind.LEADER else "联络员或组织部门负责人"


def _too_many(post: Post, wanted: int) -> str:
    return (
        f"{post.person}已联系 {post.load} 名专家，最多 {post.limit} 名，"
        f"还能再安排 {post.room} 名，这次选了 {wanted} 名。"
        f"请另选一位；确需增加的，由组织部门负责人调整{post.unit}的单位参数。"
    )


def _refuse_if(why: str, pairings: Sequence[Pairing]) -> None:
    if pairings:
        raise ValidationError(f"{_names([each.expert.name for each in pairings])}{why}。")


def _names(names: Sequence[str]) -> str:
    rest = f"等 {len(names)} 人" if len(names) > NAMED else ""
    return "、".join(names[:NAMED]) + rest


def _close(by: User, pairings: Sequence[Pairing], day: date, why: PairingEnd) -> None:
    early = [each.expert.name for each in pairings if each.since > day]
    if early:
        raise ValidationError({"since": f"不能早于现有结对的开始日期：{_names(early)}。"})
    kept = Pairing.objects.changeable_by(by).filter(pk__in=[each.pk for each in pairings])
    kept.update(until=day, closed_by=by, end=why)
    if pairings:
        numbers = [each.expert.record_number for each in pairings]
        record_each(Verb.CHANGE, by=by, kind="expert", references=numbers, fields=["pairing"])


def _open(
    by: User, person: User, kind: PairingKind, whom: Sequence[tuple[Expert, Unit]], since: date
) -> None:
    rows = [
        Pairing(expert=expert, unit=unit, kind=kind, person=person, since=since, opened_by=by)
        for expert, unit in whom
    ]
    try:
        with transaction.atomic():
            Pairing.objects.bulk_create(rows)
    except IntegrityError as error:
        if "pairing_no_overlap" not in str(error):
            raise
        raise ValidationError(TAKEN) from error
    if rows:
        numbers = [expert.record_number for expert, _ in whom]
        record_each(Verb.CREATE, by=by, kind="expert", references=numbers, fields=["pairing"])
