"""Fields with a right of their own: stored encrypted, masked by default, shown only on the record."""

from typing import TYPE_CHECKING, Self

from django.db import models

from experts.enums import SensitiveField
from experts.models.expert import Expert
from experts.models.locked import LockedChild
from experts.visibility import visible

if TYPE_CHECKING:
    from accounts.models import User


class SensitiveValueQuerySet(models.QuerySet["SensitiveValue"]):
    def visible_to(self, user: "User") -> Self:
        """Values of visible experts in the reach of a role with the right to sensitive fields."""
        return self.filter(visible(user, key="expert_id", right="sensitive"))


class SensitiveValue(LockedChild):
    """One encrypted value. `blind_index` is a keyed digest that finds equal values without showing them;
    it is not unique, so a hidden duplicate cannot be felt."""

    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="sensitive_values", db_constraint=False, db_index=False
    )
    field = models.CharField("字段", max_length=20, choices=SensitiveField)
    ciphertext = models.BinaryField()
    key_id = models.CharField(max_length=20)
    blind_index = models.BinaryField(null=True)

    objects = SensitiveValueQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "敏感信息"
        constraints = [models.UniqueConstraint(fields=["expert", "field"], name="sensitive_value_once")]
        indexes = [models.Index(fields=["blind_index"], name="sensitive_blind_index")]

    def __str__(self) -> str:
        return f"{self.expert_id}:{self.field}"
