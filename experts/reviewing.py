"""What a review round shows: how far each unit has come, and who is still to be confirmed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict

from accounts.models import Unit, User
from core.paging import Order, page_by_key, url_with
from experts.filters import ExpertFilter
from experts.freshness import (
    KEY_FIELDS,
    Confirmation,
    ConfirmationLimits,
    confirmation_of,
    is_filled,
    key_column,
)
from experts.listing import COUNT_LIMIT, PAGE_SIZE, counted, found
from experts.models import Expert, ReviewRound
from experts.presenting import shown

BY_NAME = Order(("sort_key",))
Counts = dict[int, tuple[int, int]]  # by the unit's pre-order number: covered, confirmed


def in_reach(user: User) -> Q:
    """Managed by the user's own units: what others hold with them is not theirs to confirm."""
    reach = Q(pk__in=[])
    for interval in user.reach("view"):
        reach |= Q(unit_order__range=interval)
    return reach


def counts_of(review: ReviewRound, user: User) -> Counts:
    """By managing unit, of the records that the user sees; of a closed round as it was closed."""
    if review.closed_at:
        kept = {int(order): (covered, done) for order, (covered, done) in review.result.items()}
        return {order: numbers for order, numbers in kept.items() if user.may("view", order)}
    return grouped(review, Expert.objects.visible_to(user).filter(in_reach(user)))


def grouped(review: ReviewRound, experts: QuerySet[Expert]) -> Counts:
    """One grouped count over the covered among `experts`."""
    rows = experts.filter(review.covered()).order_by().values("unit_order")
    numbers = rows.annotate(covered=Count("pk"), done=Count("pk", filter=review.confirmed()))
    return {row["unit_order"]: (row["covered"], row["done"]) for row in numbers}


@dataclass(frozen=True)
class Progress:
    """How many of those covered are confirmed."""

    label: str
    covered: int
    done: int
    url: str = ""

    @property
    def left(self) -> int:
        return self.covered - self.done

    @property
    def tone(self) -> str:
        return "ok" if self.left == 0 else ""


def progress(review: ReviewRound, counts: Counts) -> list[Progress]:
    """One line for the unit itself and one for each unit right below it, with all that lies under that."""
    units = [review.unit, *Unit.objects.filter(parent=review.unit).order_by("order")]
    lines = []
    for unit in units:
        last = unit.order if unit == review.unit else unit.order_end
        inside = [numbers for order, numbers in counts.items() if unit.order <= order <= last]
        label = f"{unit}（本级）" if unit == review.unit else str(unit)
        covered, done = sum(each[0] for each in inside), sum(each[1] for each in inside)
        lines.append(Progress(label, covered, done, "" if unit == review.unit else f"?unit={unit.code}"))
    return [line for line in lines if line.covered]


class RoundFilter(ExpertFilter):
    """The filters of the register over those whom a round still waits for."""

    def __init__(self, data: QueryDict, *, user: User, review: ReviewRound) -> None:
        self.review = review
        limits = ConfirmationLimits(review.starts_on, [])
        super().__init__(data, self._waiting(Expert.objects.visible_to(user), user), user=user, limits=limits)

    def _waiting(self, experts: QuerySet[Expert], user: User) -> QuerySet[Expert]:
        return experts.filter(self.review.waiting(), in_reach(user))

    @property
    def narrows(self) -> bool:
        return True

    def narrow(self, experts: QuerySet[Expert]) -> QuerySet[Expert]:
        return self._waiting(super().narrow(experts), self.user)

    def known(self, counts: Counts) -> int | None:
        """How many wait, where the counts by unit say so already."""
        asked = {name for name, value in self.form.cleaned_data.items() if value}
        if asked - {"unit"}:
            return None
        low, high = (self.unit.order, self.unit.order_end) if self.unit else (0, self.review.unit.order_end)
        return sum(covered - done for order, (covered, done) in counts.items() if low <= order <= high)


def waiting_context(filters: RoundFilter, params: QueryDict, counts: Counts) -> dict[str, Any]:
    """One page of those who wait, in the order of names, and how many there are."""
    experts = found(filters, BY_NAME)
    known = filters.known(counts) if filters.form.is_valid() else 0
    total, exact = (known, True) if known is not None else counted(filters, experts, params)
    page = page_by_key(experts, BY_NAME, params, PAGE_SIZE)
    return {
        "page": page,
        "total": total,
        "exact": exact,
        "count_url": url_with(params, count="exact"),
    } | page.urls(params)


def waiting_for(review: ReviewRound, user: User) -> tuple[int, bool]:
    """How many wait whom the user may change, and whether that is exact."""
    waiting = Expert.objects.changeable_by(user).filter(review.waiting(), in_reach(user))
    seen = waiting.order_by()[: COUNT_LIMIT + 1].count()
    return min(seen, COUNT_LIMIT), seen <= COUNT_LIMIT


@dataclass(frozen=True)
class KeyLine:
    """A key field on the expert's page."""

    name: str
    label: str
    value: Any
    is_filled: bool
    confirmation: Confirmation | None
    by: str
    is_stale: bool


def key_lines(expert: Expert, limits: ConfirmationLimits, known: Iterable[User | None]) -> list[KeyLine]:
    """Each key field with its last confirmation. Who is not among the `known` users is looked up, once."""
    found = {name: confirmation_of(expert, name) for name in KEY_FIELDS}
    people = {user.pk: user for user in known if user}
    missing = {each.by_id for each in found.values() if each and each.by_id} - people.keys()
    people |= User.objects.in_bulk(missing) if missing else {}
    return [
        KeyLine(
            name,
            str(key_column(name).verbose_name),
            shown(expert, name),
            is_filled(expert, name),
            confirmation,
            str(people.get(confirmation.by_id or 0, "")) if confirmation else "",
            not expert.died_on
            and limits.is_stale(confirmation.on if confirmation else None, expert.unit_order),
        )
        for name, confirmation in found.items()
    ]
