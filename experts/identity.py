"""Who may be the same person: found among the records that the user sees, with reasons and a score.

The standing list is kept by `experts_note_pairs()` (migration 0010), which compares every record, hidden ones
too, and answers nothing; here only visible ones take part.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from core.chinese import sort_key
from experts.enums import SensitiveField
from experts.models import DuplicatePair, Expert, Merge, PairReason, SensitiveValue
from experts.sensitive import SensitiveInput, match_index
from reminders.actions import notify
from reminders.models import Message

if TYPE_CHECKING:
    from accounts.models import User

POINTS = {PairReason.ID_NUMBER: 95, PairReason.NAME_BIRTH: 75, PairReason.READING_BIRTH_EMPLOYER: 60}
SEVERAL = 4  # points for each further reason
MOST = 10  # candidates shown
NEUTRAL = "有可能重复的专家记录等待您核对。"


@dataclass
class Candidate:
    """A record that may be the same person."""

    expert: Expert
    reasons: list[PairReason]

    @property
    def score(self) -> int:
        return score_of(self.reasons)

    @property
    def why(self) -> str:
        return words_of(self.reasons)


def score_of(reasons: Iterable[str]) -> int:
    """How likely two records are one person, of 100: the strongest reason, a little more for each further."""
    points = sorted((POINTS[PairReason(reason)] for reason in reasons), reverse=True)
    return min(99, points[0] + SEVERAL * (len(points) - 1)) if points else 0


def words_of(reasons: Iterable[str]) -> str:
    return "；".join(PairReason(reason).label for reason in sorted(reasons))


def told(user: "User", pair: DuplicatePair) -> list[str]:
    """The reasons of a pair that the user may know: equal ID numbers only with the right to them."""
    return [reason for reason in pair.reasons if reason != PairReason.ID_NUMBER or user.may("sensitive")]


def candidates(
    user: "User", facts: dict[str, Any], secrets: Iterable[SensitiveInput] = ()
) -> list[Candidate]:
    """Visible records that may be the person about to be entered, the likeliest first."""
    found: dict[int, list[PairReason]] = {}
    numbers = [value.match for value in secrets if value.field == SensitiveField.ID_NUMBER]
    for reason, keys in (
        (PairReason.ID_NUMBER, _numbered(user, numbers)),
        (PairReason.NAME_BIRTH, _named(user, facts)),
        (PairReason.READING_BIRTH_EMPLOYER, _sounding(user, facts)),
    ):
        for key in keys:
            found.setdefault(key, []).append(reason)
    experts = Expert.objects.visible_to(user).select_related("unit").in_bulk(list(found)) if found else {}
    rows = [Candidate(expert, found[pk]) for pk, expert in experts.items()]
    return sorted(rows, key=lambda row: (-row.score, row.expert.sort_key))[:MOST]


def _numbered(user: "User", numbers: list[str]) -> list[int]:
    if not numbers:
        return []
    values = SensitiveValue.objects.visible_to(user).filter(field=SensitiveField.ID_NUMBER)
    return list(values.filter(blind_index=match_index(numbers[0])).values_list("expert_id", flat=True)[:MOST])


def _month(birth: date | None) -> Q | None:
    if birth is None:
        return None
    first = birth.replace(day=1)
    return Q(birth__gte=first, birth__lt=(first + timedelta(days=32)).replace(day=1))


def _named(user: "User", facts: dict[str, Any]) -> list[int]:
    month = _month(facts.get("birth"))
    if month is None:
        return []
    same = Expert.objects.visible_to(user).filter(month, name=facts["name"])
    return list(same.values_list("pk", flat=True)[:MOST])


def _sounding(user: "User", facts: dict[str, Any]) -> list[int]:
    month, employer = _month(facts.get("birth")), facts.get("employer")
    if month is None or not employer:
        return []
    reading = sort_key(facts["name"]).partition("|")[0]
    heard = Expert.objects.visible_to(user).filter(
        month, sort_key__gte=f"{reading}|", sort_key__lt=f"{reading}}}", employer=employer
    )
    return list(heard.values_list("pk", flat=True)[:MOST])


def hints(user: "User") -> dict[str, Exists]:
    """For an expert's page: whether there are open pairs, and merges, of which its card tells."""
    pairs = DuplicatePair.objects.visible_to(user).open()
    either = Q(expert_id=OuterRef("pk")) | Q(other_id=OuterRef("pk"))
    merges = Merge.objects.visible_to(user).standing().filter(expert_id=OuterRef("pk"))
    return {"has_pairs": Exists(pairs.filter(either)), "has_merges": Exists(merges)}


def note_pairs(*experts: Expert) -> None:
    """Compare these records with every other and keep what is found, for those who see both. Says nothing, so
    that an entry that meets a hidden record is like any other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT experts_note_pairs(%s)", [[expert.pk for expert in experts]])


def note_recent_pairs(*, since: datetime) -> int:
    """As the worker: compare what was entered, imported or changed since; returns how many records."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT experts_note_recent_pairs(%s)", [since])
        return int(cursor.fetchone()[0])


def announce(user: "User") -> None:
    """A line in the user's own inbox for pairs with a restricted record, which nobody else may know of. It is
    written when the user comes by, so that nothing moves at the moment of the entry."""
    pairs = DuplicatePair.objects.changeable_by(user).open().with_restricted()
    newest = pairs.order_by("-found_at").values_list("found_at", flat=True).first()
    url = reverse("experts:duplicates")
    if newest is None or Message.objects.visible_to(user).filter(url=url, created_at__gte=newest).exists():
        return
    notify(recipient=user, text=NEUTRAL, url=url)
