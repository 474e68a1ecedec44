"""Finding experts: which tokens a record is found by, and how typed text becomes a filter."""

from typing import TYPE_CHECKING, TypeVar

from django.db.models import Q, QuerySet

from core.chinese import clean_text, employer_query_tokens, employer_tokens, query_tokens, search_tokens
from experts.models import Expert, SearchToken

if TYPE_CHECKING:
    from accounts.models import User

TOKEN_LENGTH = 40
LONGEST_QUERY = 120  # characters: an employer in full
MOST_TOKENS = 12  # each is a lookup of its own
Experts = TypeVar("Experts", bound=QuerySet[Expert])


def tokens_of(expert: Expert) -> set[str]:
    """Everything the record is found by, beside its number: names, former names, employer."""
    found = search_tokens(expert.name, expert.former_names) | employer_tokens(expert.employer)
    return {token[:TOKEN_LENGTH] for token in found}


def token_rows(expert: Expert) -> list[SearchToken]:
    return [SearchToken(expert=expert, sort_key=expert.sort_key, token=token) for token in tokens_of(expert)]


def _having_all(tokens: list[str], user: "User") -> Q:
    condition = Q()
    for token in tokens:
        found = SearchToken.objects.visible_to(user).filter(token=token[:TOKEN_LENGTH]).values("expert_id")
        condition &= Q(pk__in=found)
    return condition


def record_number_in(text: str) -> str:
    return clean_text(text[:LONGEST_QUERY]).upper()


def alternatives(text: str) -> list[list[str]]:
    """The sets of tokens of which a record must have one whole: as a name, or as an employer."""
    text = clean_text(text[:LONGEST_QUERY])
    return [tokens[:MOST_TOKENS] for tokens in (query_tokens(text), employer_query_tokens(text)) if tokens]


def matching(experts: Experts, text: str, user: "User") -> Experts:
    """Those among `experts` whose name, former name, pinyin, initials, record number or employer fits.

    Text that holds nothing searchable finds nobody.
    """
    condition = Q(record_number=record_number_in(text))
    for tokens in alternatives(text):
        condition |= _having_all(tokens, user)
    return experts.filter(condition)
