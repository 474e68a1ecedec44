"""What a list of experts is made of: parts that an index serves in the order of names (docs/adr/0010).

A condition with OR would make PostgreSQL walk every name, or gather and sort everybody in reach. So whom the
user's units manage, whom they hold with others, and who is on the user's need-to-know lists are parts of
their own, and a search starts from its tokens.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull

from core.paging import Parts
from experts.models import Expert, Holder, SearchToken
from experts.models.expert import ExpertQuerySet
from experts.search import TOKEN_LENGTH, alternatives, record_number_in
from experts.visibility import covers_everything, managed, on_list

if TYPE_CHECKING:
    from accounts.models import User

Narrow = Callable[[QuerySet[Expert]], QuerySet[Expert]]
Part = tuple[QuerySet[Any], str]


def everybody(user: "User", narrow: Narrow | None = None) -> Parts[Expert]:
    """Every visible expert that `narrow` leaves, for the order of names."""
    if covers_everything(user):
        parts: list[Part] = [(_narrowed(Expert.objects.visible_to(user), narrow), "pk")]
    else:
        parts = [
            (_narrowed(Expert.objects.filter(managed(user)), narrow), "pk"),
            (_narrowed(Expert.objects.filter(on_list(user)), narrow), "pk"),
            (_of_narrowed(Holder.objects.filter(managed(user)), narrow), "expert_id"),
        ]
    return Parts(Expert.objects.for_list(), parts)


def following(
    rows: QuerySet[Any], narrow: Narrow | None = None, *, leaves_many: bool = False
) -> Parts[Expert]:
    """The experts of these rows whom `narrow` leaves, for the order of names: one visible row for each.

    Where it `leaves_many`, each row is asked on its own until a page is full; else PostgreSQL may begin with
    the few that are left.
    """
    if narrow and leaves_many:
        kept = narrow(Expert.objects.filter(pk=OuterRef("expert_id"))).values("pk")[:1]
        rows, narrow = rows.filter(IsNull(Subquery(kept), False)), None
    return Parts(Expert.objects.for_list(), [(_of_narrowed(rows, narrow), "expert_id")])


def named(user: "User", text: str, narrow: Narrow | None = None) -> Parts[Expert]:
    """Visible experts whose name, pinyin, initials, employer or record number fits the text, in the order of
    names; nobody when it holds nothing searchable."""
    visible = Expert.objects.visible_to(user)
    parts: list[Part] = [
        (_of_narrowed(_bearing(user, tokens), narrow), "expert_id") for tokens in alternatives(text)
    ]
    parts.append((_narrowed(visible.filter(record_number=record_number_in(text)), narrow), "pk"))
    return Parts(Expert.objects.for_list(), parts)


def _narrowed(experts: ExpertQuerySet, narrow: Narrow | None) -> QuerySet[Expert]:
    return narrow(experts) if narrow else experts


def _of_narrowed(rows: QuerySet[Any], narrow: Narrow | None) -> QuerySet[Any]:
    """Rows that hang on an expert whom `narrow` leaves."""
    if narrow is None:
        return rows
    return rows.filter(Exists(narrow(Expert.objects.filter(pk=OuterRef("expert_id")))))


def _bearing(user: "User", tokens: list[str]) -> QuerySet[SearchToken]:
    """One row for each visible expert who has all the tokens: of the longest, which is the rarest."""
    first, *others = sorted(tokens, key=len, reverse=True)
    rows = SearchToken.objects.visible_to(user).filter(token=first[:TOKEN_LENGTH])
    for token in others:
        same = Q(sort_key=OuterRef("sort_key"), expert_id=OuterRef("expert_id"))
        rows = rows.filter(Exists(SearchToken.objects.filter(same, token=token[:TOKEN_LENGTH])))
    return rows
