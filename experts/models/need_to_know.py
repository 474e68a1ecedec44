"""The need-to-know list (二（二）): live grants only, on guardian's direct-foreign-key model."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from guardian.models import UserObjectPermissionBase

from experts.models.expert import Expert


class NeedToKnow(UserObjectPermissionBase):
    """One person may see one restricted record, for a reason, until a day, approved by someone else."""

    content_object = models.ForeignKey(Expert, on_delete=models.CASCADE, related_name="need_to_know")
    reason = models.CharField("事由", max_length=200)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="批准人", on_delete=models.PROTECT, related_name="+"
    )
    granted_at = models.DateTimeField("授予时间", auto_now_add=True)
    expires_on = models.DateField("有效至")

    class Meta(UserObjectPermissionBase.Meta):
        verbose_name = verbose_name_plural = "知悉范围"
        constraints = [
            models.CheckConstraint(condition=~Q(user=F("approved_by")), name="need_to_know_four_eyes")
        ]

    def __str__(self) -> str:
        return f"{self.user_id}:{self.content_object_id}"
