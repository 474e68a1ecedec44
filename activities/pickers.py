"""People as pickers and cards show them: who they are, and how many experts they have."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Unit, User
from activities.enums import PairingKind
from activities.models import Pairing
from activities.posts import posts_over
from experts.people import detail_of


def paired_people(reader: User, unit: Unit) -> QuerySet[User]:
    """Who has experts of the unit or of those below it, in post or not."""
    own = Pairing.objects.visible_to(reader).within(unit).open().filter(person=OuterRef("pk"))
    return User.objects.filter(Exists(own)).select_related("unit").order_by("username")


def suggestions(reader: User, people: Iterable[User], kind: str, unit: Unit) -> list[dict[str, Any]]:
    """Options of a picker; of leaders with what they have, so that a full one is seen before it is chosen."""
    chosen = list(people)
    posts = posts_over(reader, chosen, kind, unit) if kind and chosen else {}
    return [
        {
            "value": person.username,
            "text": str(person),
            "detail": " · ".join(filter(None, (detail_of(person), _load(posts.get(person.pk), kind)))),
        }
        for person in chosen
    ]


def _load(post: Any, kind: str) -> str:
    if post is None:
        return ""
    if kind == PairingKind.LEADER and post.is_full:
        return f"已满 {post.load_text}"
    return f"已联系 {post.load_text} 名"
