"""Proposals: how an expert comes onto a roster, changes scope, or leaves it (二（二）, 二（三）)."""

import secrets
import uuid
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.roles import Right
from experts.enums import Category, Scope
from experts.models.expert import RECORD_ALPHABET, Expert
from experts.models.locked import LockedChild
from experts.visibility import visible

if TYPE_CHECKING:
    from accounts.models import User


class ProposalKind(models.TextChoices):
    ADMIT = "admit", "纳入"
    RESCOPE = "rescope", "调整"
    EXIT = "exit", "退出"
    READMIT = "readmit", "重新纳入"


class ProposalState(models.TextChoices):
    DRAFT = "draft", "起草"
    SUBMITTED = "submitted", "待审核"
    REVIEWED = "reviewed", "待审批"
    APPROVED = "approved", "已批准"
    RETURNED = "returned", "已退回"
    WITHDRAWN = "withdrawn", "已撤回"


class ProposalStep(models.TextChoices):
    """One person's act on a proposal."""

    SUBMIT = "submit", "提交"
    REVIEW = "review", "审核"
    APPROVE = "approve", "批准"
    RETURN = "return", "退回"
    WITHDRAW = "withdraw", "撤回"


BATCH = 2_000  # lines in one statement: a second's work, after which progress is told and a stop is heard
OPEN_STATES = (ProposalState.DRAFT, ProposalState.SUBMITTED, ProposalState.REVIEWED, ProposalState.RETURNED)


def new_proposal_number(day: date | None = None) -> str:
    """What people call a proposal: TA-, the day of the draft (today), and six random characters."""
    tail = "".join(secrets.choice(RECORD_ALPHABET) for _ in range(6))
    return f"TA-{day or timezone.localdate():%Y%m%d}-{tail}"


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def visible_to(self, user: "User") -> Self:
        """Proposals of units in reach that name somebody visible, and one's own drafts."""
        lines = ProposalLine.objects.visible_to(user).filter(proposal=models.OuterRef("pk"))
        return self.filter(_placed(user, "view")).filter(models.Exists(lines) | Q(drafted_by=user))

    def seen_whole_by(self, user: "User") -> Self:
        """Visible proposals of which the user sees every line. How many there are is the database's to
        compare, since lines that one does not see are not there to count."""
        lines = ProposalLine.objects.visible_to(user).filter(proposal=models.OuterRef("pk")).order_by()
        counted = lines.values("proposal").annotate(lines=models.Count("pk")).values("lines")
        seen = Coalesce(models.Subquery(counted), models.Value(0), output_field=models.BigIntegerField())
        is_whole = models.Func("pk", seen, function="experts_lines_are", output_field=models.BooleanField())
        return self.visible_to(user).filter(is_whole)

    def waiting(self) -> Self:
        return self.filter(state__in=OPEN_STATES)

    def waiting_for(self, user: "User") -> Self:
        """Those whose next act is this person's: others' to review or approve, one's own to mend."""
        review = Q(state=ProposalState.SUBMITTED) & _placed(user, "change") & ~Q(reviewed_by=user)
        approve = Q(state=ProposalState.REVIEWED) & _placed(user, "approve")
        mend = Q(state=ProposalState.RETURNED) & (Q(drafted_by=user) | Q(submitted_by=user))
        return self.filter((review | approve) & ~Q(submitted_by=user) | mend)

    def for_list(self) -> Self:
        """With what a row or a page says of people and unit."""
        return self.select_related(
            "unit", "drafted_by", "submitted_by", "reviewed_by", "approved_by", "busy_by"
        )


def _placed(user: "User", right: Right) -> Q:
    """In units where the user holds the right."""
    intervals = Q()
    for interval in user.reach(right):
        intervals |= Q(place__range=interval)
    return intervals or Q(pk__in=[])


class Proposal(models.Model):
    """One document: a kind, a unit, a day, and a line for each expert.

    Proposing, reviewing and approving are three acts by at least two people: whoever approves has not
    submitted (constraint). `reviews` counts the reviews so far; a unit may ask for more than one.
    A death is registered, not proposed: its `is_registration` are made by one person (migration 0013).
    `line_count` is what was submitted, so that nobody decides on lines they do not see; it is never shown.
    `busy_by` is for whom a worker is at it, since when; until it ends nobody else may act.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=18, default=new_proposal_number, unique=True, editable=False)
    kind = models.CharField("事项", max_length=8, choices=ProposalKind)
    state = models.CharField("状态", max_length=10, choices=ProposalState, default=ProposalState.DRAFT)
    unit = models.ForeignKey("accounts.Unit", verbose_name="单位", on_delete=models.PROTECT, related_name="+")
    place = models.BigIntegerField(editable=False, default=None)
    effective_on = models.DateField("生效日期", default=timezone.localdate)
    note = models.CharField("说明", max_length=500, blank=True)
    line_count = models.PositiveIntegerField(default=0, editable=False)
    reviews = models.PositiveSmallIntegerField(default=0, editable=False)
    is_registration = models.BooleanField("登记", default=False, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="起草人", on_delete=models.PROTECT, related_name="+"
    )
    drafted_at = models.DateTimeField("起草时间", auto_now_add=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="提交人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="审核人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="审批人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    approved_at = models.DateTimeField("批准时间", null=True)
    busy_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
    )
    busy_since = models.DateTimeField(null=True, editable=False)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "名单提案"
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | (
                    Q(submitted_by__isnull=False, reviewed_by__isnull=False, approved_at__isnull=False)
                    & (Q(is_registration=True) | ~Q(approved_by=F("submitted_by")))
                ),
                name="proposal_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(state=ProposalState.APPROVED, approved_by__isnull=False)
                | (~Q(state=ProposalState.APPROVED) & Q(approved_by__isnull=True)),
                name="proposal_approved_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["place", "-id"], name="proposal_by_unit"),
            models.Index(fields=["state", "place"], condition=Q(state__in=OPEN_STATES), name="proposal_open"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_decided(self) -> bool:
        return self.state in {ProposalState.APPROVED, ProposalState.WITHDRAWN}


class ProposalLineQuerySet(models.QuerySet["ProposalLine"]):
    def visible_to(self, user: "User") -> Self:
        return self.filter(visible(user, key="expert_id"))

    def sizes(self, proposals: "list[Proposal]") -> dict[int, int]:
        """How many of the lines each proposal has."""
        counted = self.filter(proposal__in=proposals).values("proposal_id").annotate(lines=models.Count("pk"))
        return {row["proposal_id"]: row["lines"] for row in counted}

    def incomplete(self, kind: str) -> Self:
        """Lines of such a proposal that cannot be submitted yet."""
        if kind == ProposalKind.EXIT:
            return self.filter(reason="")
        unconfirmed = Q(conditions_met=False) if kind != ProposalKind.RESCOPE else Q(pk__in=[])
        return self.filter(Q(scope="") | unconfirmed)

    def in_batches(self) -> "Iterator[ProposalLineQuerySet]":
        """Those of one proposal, a batch after the other, in the order in which records are locked."""
        last, keys = 0, [0] * BATCH
        while len(keys) == BATCH:
            following = self.filter(expert_id__gt=last).order_by("expert_id")
            keys = list(following.values_list("expert_id", flat=True)[:BATCH])
            if keys:
                yield self.filter(expert_id__gt=last, expert_id__lte=keys[-1])
                last = keys[-1]


class ProposalLine(LockedChild):
    """One expert in a proposal: what becomes of them. `reason` is an exit reason's code; of a mandatory exit
    it stands in the sensitive table instead, so that others read 退出."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="lines", db_index=False)
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    scope = models.CharField("联系范围", max_length=8, choices=Scope, blank=True)
    category = models.CharField("类别", max_length=30, choices=Category, blank=True)
    reason = models.CharField("理由", max_length=40, blank=True)
    conditions_met = models.BooleanField("符合基本条件", default=False)
    note = models.CharField("说明", max_length=200, blank=True)

    objects = ProposalLineQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "提案名单"
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "expert"],
                name="proposal_line_once",
                violation_error_message="这位专家已经在这份提案里。",
            )
        ]
        indexes = [models.Index(fields=["expert"], name="proposal_line_by_expert")]

    def __str__(self) -> str:
        return f"{self.proposal_id}:{self.expert_id}"


class ProposalAct(models.Model):
    """Who did what to a proposal, when, and what they said."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="acts")
    step = models.CharField("办理", max_length=10, choices=ProposalStep)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="办理人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("时间", auto_now_add=True)
    note = models.CharField("意见", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "办理记录"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.proposal_id}:{self.step}"
