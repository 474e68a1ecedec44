"""What search looks up: equality on short tokens, which row-level security lets an index serve."""

from typing import TYPE_CHECKING, Self

from django.db import models

from experts.models.expert import Expert
from experts.models.locked import LockedChild
from experts.visibility import visible

if TYPE_CHECKING:
    from accounts.models import User


class SearchTokenQuerySet(models.QuerySet["SearchToken"]):
    def visible_to(self, user: "User") -> Self:
        return self.filter(visible(user, key="expert_id"))


class SearchToken(LockedChild):
    """One token of one expert (a character, a pair, pinyin, initials; `e:` for the employer)."""

    pk = models.CompositePrimaryKey("token", "sort_key", "expert_id")
    token = models.CharField(max_length=40, db_collation="C")
    sort_key = models.CharField(max_length=200, db_collation="C")
    expert = models.ForeignKey(Expert, on_delete=models.CASCADE, related_name="tokens", db_constraint=False)

    objects = SearchTokenQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "检索词"

    def __str__(self) -> str:
        return self.token
