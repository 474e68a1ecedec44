"""Mandatory exits 应退 (二（三）): what is known, what the expert says, who decides, and the review of it."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from experts.models.expert import Expert
from experts.models.locked import LockedChild
from experts.visibility import NOTHING, changeable, managed, on_list, visible

if TYPE_CHECKING:
    from accounts.models import Unit, User


class ExitState(models.TextChoices):
    PENDING = "pending", "待审批"
    APPROVED = "approved", "已退出"
    REFUSED = "refused", "未批准"
    REVERSED = "reversed", "复核撤销"


class ReviewState(models.TextChoices):
    NONE = "", "未复核"
    ASKED = "asked", "复核中"
    UPHELD = "upheld", "复核维持"
    REVERSED = "reversed", "复核撤销"


class ExitTextKind(models.TextChoices):
    """What is said in a case. All of it is encrypted: each may tell the reason."""

    REASON = "reason", "情形"
    FACTS = "facts", "事实依据"
    DOCUMENT = "document", "结论文件"
    UNTOLD = "untold", "未能告知的原因"
    STATEMENT = "statement", "本人申辩"
    CHECK = "check", "审核意见"
    OPINION = "opinion", "审批意见"
    REVIEW_REASON = "review_reason", "复核理由"
    REVIEW_OPINION = "review_opinion", "复核意见"


def deciding(user: "User", key: str) -> Q:
    """Experts whose exit the user decides: by the managing unit, restricted ones by the list."""
    if not user.is_active or not user.may("approve"):
        return NOTHING
    return managed(user, "approve") | on_list(user, key=key)


class MandatoryExitQuerySet(models.QuerySet["MandatoryExit"]):
    def visible_to(self, user: "User") -> Self:
        """Cases of visible experts in the reach of the right to sensitive fields."""
        return self.filter(visible(user, key="expert_id", right="sensitive"))

    def changeable_by(self, user: "User") -> Self:
        return self.visible_to(user).filter(changeable(user, key="expert_id"))

    def decidable_by(self, user: "User") -> Self:
        """Those that the user may decide by right; that it is another person is for each act to see."""
        return self.visible_to(user).filter(deciding(user, "expert_id"))

    def open(self) -> Self:
        """Not decided, or under review."""
        return self.filter(Q(state=ExitState.PENDING) | Q(review=ReviewState.ASKED))

    def to_check(self) -> Self:
        """Waiting for the first of the two levels."""
        return self.filter(state=ExitState.PENDING, checked_by__isnull=True)

    def to_approve(self) -> Self:
        """Waiting for the second."""
        return self.filter(state=ExitState.PENDING, checked_by__isnull=False)

    def within(self, unit: "Unit") -> Self:
        """Of experts whom the unit or one below it manages."""
        return self.filter(unit_order__range=(unit.order, unit.order_end))

    def living(self) -> Self:
        """Whose expert has not died meanwhile: nobody is reminded of the others."""
        return self.filter(expert__died_on__isnull=True)

    def overdue(self) -> Self:
        return self.filter(state=ExitState.PENDING, due_on__lt=timezone.localdate())

    def for_page(self) -> Self:
        """With what a list or the case's own page shows."""
        return self.select_related(
            "expert__unit", "registered_by", "checked_by", "decided_by", "review_asked_by", "review_by"
        )


class MandatoryExit(LockedChild):
    """One case. `known_on` is when the matter became known, `due_on` ten working days (a setting) later.

    It takes two levels: whoever checks has not registered it, whoever decides has done neither; nor does who
    asks for a review decide that.
    `proposals` are the ones that closed the entries, so that a reversal knows what to reopen.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    expert = models.ForeignKey(Expert, on_delete=models.CASCADE, related_name="exits", db_constraint=False)
    known_on = models.DateField("知悉日期")
    due_on = models.DateField("办理期限")
    told_on = models.DateField("告知本人日期", null=True)
    could_not_be_told = models.BooleanField("未能告知", default=False)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    registered_at = models.DateTimeField("登记时间", auto_now_add=True)
    state = models.CharField("状态", max_length=10, choices=ExitState, default=ExitState.PENDING)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="审核人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    checked_at = models.DateTimeField("审核时间", null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="审批人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField("审批时间", null=True)
    proposals = ArrayField(models.BigIntegerField(), default=list)
    review = models.CharField(
        "复核", max_length=10, choices=ReviewState, blank=True, default=ReviewState.NONE
    )
    review_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="复核申请人",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )
    review_asked_at = models.DateTimeField("申请复核时间", null=True)
    review_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="复核人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    review_at = models.DateTimeField("复核时间", null=True)

    objects = MandatoryExitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "应退办理"
        constraints = [
            models.UniqueConstraint(
                fields=["expert"], condition=Q(state="pending"), name="exit_pending_once"
            ),
            models.CheckConstraint(condition=Q(due_on__gte=F("known_on")), name="exit_days_in_order"),
            models.CheckConstraint(
                condition=Q(told_on__isnull=True) | Q(told_on__gte=F("known_on"), could_not_be_told=False),
                name="exit_told_or_not",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="pending") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="exit_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | ~Q(decided_by=F("registered_by")) & ~Q(decided_by=F("checked_by")),
                name="exit_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(checked_by__isnull=True, checked_at__isnull=True)
                | Q(checked_by__isnull=False, checked_at__isnull=False) & ~Q(checked_by=F("registered_by")),
                name="exit_checked_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "refused"])
                | Q(told_on__isnull=False)
                | Q(could_not_be_told=True),
                name="exit_heard_before_approval",
            ),
            models.CheckConstraint(
                condition=Q(review="", review_asked_by__isnull=True, review_asked_at__isnull=True)
                | (~Q(review="") & Q(review_asked_by__isnull=False, review_asked_at__isnull=False)),
                name="exit_review_asked_whole",
            ),
            models.CheckConstraint(
                condition=Q(review__in=["", "asked"], review_by__isnull=True, review_at__isnull=True)
                | Q(review__in=["upheld", "reversed"], review_by__isnull=False, review_at__isnull=False)
                & ~Q(review_by=F("review_asked_by")),
                name="exit_review_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(review__in=["", "asked", "upheld"], state__in=["pending", "approved", "refused"])
                & (Q(review="") | Q(state="approved"))
                | Q(review="reversed", state="reversed"),
                name="exit_review_of_an_approved",
            ),
        ]
        indexes = [models.Index(fields=["due_on", "id"], name="exit_by_due")]

    def __str__(self) -> str:
        return f"{self.expert_id} · {self.get_state_display()}"

    @property
    def is_pending(self) -> bool:
        return self.state == ExitState.PENDING

    @property
    def is_open(self) -> bool:
        """Not decided, or under review: papers can still be added."""
        return self.is_pending or self.review == ReviewState.ASKED

    @property
    def is_overdue(self) -> bool:
        return self.is_pending and self.due_on < timezone.localdate()

    @property
    def is_heard(self) -> bool:
        """The expert was told, or it is said why not."""
        return self.told_on is not None or self.could_not_be_told

    @property
    def state_words(self) -> str:
        """The state as lists show it: which of the two levels it waits for, or with the review's."""
        if self.is_pending and not self.checked_by_id:
            return "待审核"
        if self.review in {ReviewState.ASKED, ReviewState.UPHELD}:
            return f"{self.get_state_display()}，{self.get_review_display()}"
        return self.get_state_display()


class ExitTextQuerySet(models.QuerySet["ExitText"]):
    def visible_to(self, user: "User") -> Self:
        """Texts of visible cases; of a reversed one, only for who also approves."""
        sensitive = visible(user, key="expert_id", right="sensitive")
        return self.filter(sensitive).filter(~Q(case__state=ExitState.REVERSED) | deciding(user, "expert_id"))


class ExitText(LockedChild):
    """What is said in a case, encrypted; masked on the page and shown for a reason, on the trail."""

    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    case = models.ForeignKey(MandatoryExit, on_delete=models.CASCADE, related_name="texts", db_index=False)
    kind = models.CharField("内容", max_length=20, choices=ExitTextKind)
    ciphertext = models.BinaryField()
    key_id = models.CharField(max_length=20)

    objects = ExitTextQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "应退情形和事实"
        constraints = [models.UniqueConstraint(fields=["case", "kind"], name="exit_text_once")]
        indexes = [models.Index(fields=["expert"], name="exit_text_by_expert")]

    def __str__(self) -> str:
        return f"{self.case_id}:{self.kind}"
