"""What a unit's own priorities 联系重点 mean for people and rosters (二（二）).

They stand beside the rule of scope and never change what it decides: a unit treats as key whom the rule or
one of the priorities that apply to its roster names. Who meets one is asked of a set by `fits`, of one person
with the why by `reasons`, and by `experts_note_gaps` (migration 0017), which keeps the worklists; a test
compares the three.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, CharField, Exists, F, Func, JSONField, OuterRef, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import JSONObject
from django.utils import timezone

from accounts.models import Unit, User
from core.paging import Parts
from experts.enums import AwardState, Category, Scope
from experts.filters import discipline_choices, honour_choices
from experts.finding import everybody
from experts.models import Award, Expert, Priority

CLAUSE = "二（二）"
COUNTING = (AwardState.RECORDED, AwardState.VERIFIED)


def fits(priority: Priority, of: str = "") -> Q:
    """Of experts: whether they meet what the priority states. The dead meet nothing. `of` leads from other
    rows to their expert, as in `expert__`."""
    found = Q(**{f"{of}died_on__isnull": True})
    if priority.honours:
        held = Award.objects.filter(honour__code__in=priority.honours, state__in=COUNTING)
        found &= Q(Exists(held.filter(expert=OuterRef(f"{of}pk"))))
    if priority.disciplines or priority.words:
        in_discipline = Q(**{f"{of}discipline__in": priority.disciplines})
        found &= in_discipline | _has_word(priority.words, f"{of}fields_of_work")
    if priority.posts:
        found &= _has_word(priority.posts, f"{of}post", f"{of}title")
    if priority.categories:
        found &= Q(**{f"{of}category__in": priority.categories})
    return found


def _has_word(words: Iterable[str], *fields: str) -> Q:
    found = Q(pk__in=[])
    for word in words:
        for name in fields:
            found |= Q(**{f"{name}__icontains": word})
    return found


def applying(unit: Unit, day: date) -> list[Priority]:
    """The priorities that the roster of the unit goes by on that day."""
    return list(Priority.objects.applying_to(unit).in_force(day).select_related("unit").order_by("pk"))


def suggested_scope(priorities: Iterable[Priority]) -> Case:
    """Of experts: key by the rule or by one of the priorities, else general."""
    key = Q(scope=Scope.KEY)
    for priority in priorities:
        key |= fits(priority)
    return Case(
        When(key, then=Value(Scope.KEY.value)),
        default=Value(Scope.GENERAL.value),
        output_field=CharField(),
    )


def differing(priorities: Iterable[Priority]) -> Q:
    """Of a proposal's lines: whose scope is another than the rule and the priorities say."""
    key = Q(expert__scope=Scope.KEY)
    for priority in priorities:
        key |= fits(priority, "expert__")
    return Q(scope=Scope.KEY) & ~key | Q(scope=Scope.GENERAL) & key


def basis_of_line(priorities: Iterable[Priority]) -> Combinable:
    """Of a proposal's lines: what the entry keeps as its basis, the grounds of the rule and, if it is key,
    each priority that the expert meets."""
    basis: Combinable = F("expert__scope_basis")
    for priority in priorities:
        met = Q(scope=Scope.KEY) & fits(priority, "expert__")
        ground = Value([ground_of(priority)], JSONField())
        basis = _Joined(basis, Case(When(met, then=ground), default=Value([], JSONField())))
    return basis


class _Joined(Func):
    """One JSON list after the other."""

    template, arg_joiner, output_field = "(%(expressions)s)", " || ", JSONField()


def reasons(priority: Priority, expert: Expert, held: Collection[str]) -> list[str]:
    """Why this expert meets it, one reason for each kind of condition; empty when they do not. `held` are the
    codes of the honours that count (`counting`)."""
    honours, disciplines = dict(honour_choices()), dict(discipline_choices())
    studies = [disciplines[code] for code in priority.disciplines if code == expert.discipline_id]
    words = _found_in(priority.words, expert.fields_of_work)
    posts = _found_in(priority.posts, expert.post, expert.title)
    kinds = [
        (priority.honours, [honours.get(code, code) for code in priority.honours if code in held]),
        (priority.disciplines + priority.words, studies + [f"研究方向含“{word}”" for word in words]),
        (priority.posts, [f"职务或职称含“{word}”" for word in posts]),
        (priority.categories, [Category(c).label for c in priority.categories if c == expert.category]),
    ]
    stated = [found for asked, found in kinds if asked]
    return [found[0] for found in stated] if all(stated) and not expert.died_on else []


def _found_in(words: Iterable[str], *texts: str) -> list[str]:
    return [word for word in words if any(word.upper() in text.upper() for text in texts)]


def counting(awards: Iterable[Award]) -> set[str]:
    """The codes of the honours (loaded) that count for a priority."""
    return {award.honour.code for award in awards if award.state in COUNTING}


@dataclass(frozen=True)
class Met:
    """A priority that somebody meets, and why."""

    priority: Priority
    reasons: list[str]


def met_by(priorities: Iterable[Priority], expert: Expert, awards: Iterable[Award]) -> list[Met]:
    held = counting(awards)
    found = (Met(priority, reasons(priority, expert, held)) for priority in priorities)
    return [each for each in found if each.reasons]


def met_by_each(priorities: list[Priority], experts: Iterable[Expert]) -> dict[int, list[Met]]:
    """By the expert's key. The awards are asked for only if a priority states honours."""
    chosen = list(experts)
    awards: dict[int, list[Award]] = {expert.pk: [] for expert in chosen}
    if any(priority.honours for priority in priorities):
        for award in Award.objects.filter(expert__in=awards).select_related("honour"):
            awards[award.expert_id].append(award)
    return {expert.pk: met_by(priorities, expert, awards[expert.pk]) for expert in chosen}


FACTS = ("number", "name", "reason", "honours", "disciplines", "words", "posts", "categories", "below")


def stated_hint(user: User) -> dict[str, ArraySubquery]:
    """For an expert's page: today's priorities, as JSON, of the unit that manages the record and of units in
    the user's reach that it lies in. Which other units hold the expert is not told."""
    reach = Q()
    for interval in user.reach("view"):
        reach |= Q(place__range=interval)
    own = Q(place=OuterRef("unit_order")) | Q(below=True) | reach
    covering = Q(unit__order__lte=OuterRef("unit_order"), unit__order_end__gte=OuterRef("unit_order"))
    stated = Priority.objects.in_force(timezone.localdate()).filter(covering, own).order_by("pk")
    facts = {name: name for name in FACTS} | {"key": "uuid", "at": "unit__short_name"}
    return {"stated": ArraySubquery(stated.values(facts=JSONObject(**facts)))}


def of_expert(expert: Expert, awards: Iterable[Award]) -> list[Met]:
    """Which of the priorities that `stated_hint` has brought along the expert meets."""
    stated = []
    for facts in expert.stated:
        own = {name: facts[name] for name in FACTS}
        stated.append(Priority(uuid=facts["key"], unit=Unit(short_name=facts["at"]), **own))
    return met_by(stated, expert, awards)


def whom(user: User, priority: Priority) -> Parts[Expert]:
    """The experts that the user sees, managed where the priority applies, who meet it."""
    last = priority.unit.order_end if priority.below else priority.unit.order
    places = (priority.unit.order, last)
    return everybody(user, lambda experts: experts.filter(fits(priority), unit_order__range=places))


def ground_of(priority: Priority) -> dict[str, Any]:
    """How a roster entry keeps that it is key by a priority, beside the grounds of the rule
    (`Ground.as_stored`)."""
    return {
        "honour": None,
        "priority": priority.number,
        "unit": priority.unit.code,
        "name": priority.title,
        "year": None,
        "clause": CLAUSE,
    }


def terms(priority: Priority) -> list[tuple[str, str]]:
    """What it states, in words: label and values of each kind of condition."""
    honours, disciplines = dict(honour_choices()), dict(discipline_choices())
    fields = [disciplines.get(code, code) for code in priority.disciplines]
    words, posts = _quoted(priority.words), _quoted(priority.posts)
    found = [
        ("称号", [honours.get(code, code) for code in priority.honours]),
        ("领域", fields + ([f"研究方向含{words}"] if words else [])),
        ("岗位", [f"职务或职称含{posts}"] if posts else []),
        ("类别", [Category(code).label for code in priority.categories]),
    ]
    return [(label, "、".join(values)) for label, values in found if values]


def _quoted(words: Iterable[str]) -> str:
    return "".join(f"“{word}”" for word in words)
