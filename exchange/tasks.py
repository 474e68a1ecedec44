"""Work on rosters in the background. Tasks take ids, and are safe to run twice."""

import logging
from datetime import timedelta

from celery import shared_task
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from audit.verbs import Verb
from core.jobs import Cancelled, JobState, Reporter, RightsLost
from core.origin import coming_from
from core.rls import transaction_as, working_as
from exchange.actions import draft_for
from exchange.models import RosterImport, RosterRow, Stage
from exchange.pipeline.planning import Planner
from exchange.pipeline.source import VAULT, data_rows, opened, recognise_file, unpacked
from exchange.pipeline.storing import mended_rows, remember, replace_rows, stored_writes
from exchange.pipeline.writing import ChangedMeanwhile, Writer
from exchange.reading import RosterRefused
from experts.models import Origin
from reminders.actions import notify

logger = logging.getLogger(__name__)
KEEP_DAYS = 7
LOCK = 0x494D50  # advisory lock class of imports
FALL_BACK = {
    Stage.READING: Stage.READING,
    Stage.CHECKING: Stage.MAPPING,
    Stage.COMMITTING: Stage.PREVIEW,
    Stage.PROPOSING: Stage.COMMITTED,
}
OUTCOME = {"stage", "counts", "committed_at", "proposal", "job_state", "job_error"}
SEEN_IN_FILE = {"sheet_name", "layout", "sample_sealed", "sample_key"}
STOPPED = "已按您的要求停止，没有写入任何内容。"
UNEXPECTED = "处理时出现意外错误，没有写入任何内容。请重试；仍不行请联系系统管理员。"
LOST = "办理人的账号已停用，或已没有导入的权限，没有写入任何内容。可由本单位其他有权限的人重新操作。"
MEANWHILE = "有专家资料在预览之后被别人修改，为避免覆盖，没有写入任何内容。请重新检查后再导入。"


@shared_task
def run_import(roster_id: int, user_id: int) -> None:
    """Do the work of the stage the import is in, under the rights the user has now. Who has lost them cannot
    even end it: the system does."""
    user = User.objects.get(pk=user_id)
    try:
        with working_as(user, channel="job"):
            _run(roster_id, user)
        return
    except Cancelled:
        state, reason = JobState.CANCELLED, STOPPED
    except RightsLost:
        state, reason = JobState.FAILED, LOST
    except (RosterRefused, ChangedMeanwhile) as problem:
        state, reason = JobState.FAILED, str(problem) or MEANWHILE
    except ValidationError as problem:
        state, reason = JobState.FAILED, "；".join(problem.messages)
    except Exception:
        logger.exception("import %s failed", roster_id)
        state, reason = JobState.FAILED, UNEXPECTED
    if _sees(roster_id, user_id):
        settle(roster_id, user, state, reason)
    else:
        settle_lost.apply_async([roster_id], queue="system")


def _sees(roster_id: int, user_id: int) -> bool:
    """Whether the user still reaches the import, asked afresh."""
    user = User.objects.get(pk=user_id)
    with transaction_as(user.pk):
        return RosterImport.objects.visible_to(user).filter(pk=roster_id).exists()


@shared_task
def settle_lost(roster_id: int) -> None:
    """As the system: end the work of somebody without rights, so that their unit sees what became of it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT exchange_settle_lost(%s, %s)", [roster_id, LOST])


def _claimed(roster_id: int, user: User) -> RosterImport | None:
    """The import if its work is still to be done and nobody else is at it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, roster_id % 2**31])
        if not cursor.fetchone()[0]:
            return None
    active = [JobState.WAITING, JobState.RUNNING]
    rosters = RosterImport.objects.visible_to(user).select_related("unit")
    if not rosters.filter(pk=roster_id).exists():
        raise RightsLost
    return rosters.filter(pk=roster_id, job_state__in=active, stage__in=FALL_BACK).first()


def _run(roster_id: int, user: User) -> None:
    roster = _claimed(roster_id, user)
    if roster is None:
        return
    report = Reporter(roster, user_id=user.pk)
    report(0)
    if roster.stage == Stage.READING:
        recognise_file(roster)
        roster.stage = Stage.MAPPING
    elif roster.stage == Stage.CHECKING:
        check(roster, user, report)
        roster.stage = Stage.PREVIEW
    elif roster.stage == Stage.COMMITTING:
        write(roster, user, report)
        roster.stage = Stage.COMMITTED
        roster.committed_at = timezone.now()
        notify(recipient=user, text="名册已导入", url=reverse("exchange:detail", args=[roster.uuid]))
    else:
        roster.proposal = draft_for(by=user, roster=roster)
        roster.stage = Stage.COMMITTED
        url = reverse("proposals:detail", args=[roster.proposal.uuid])
        notify(recipient=user, text="名册的名单提案已起草", url=url)
    roster.job_state, roster.job_error = JobState.DONE, ""
    roster.save(update_fields=OUTCOME | (SEEN_IN_FILE if roster.stage == Stage.MAPPING else set()))


def check(roster: RosterImport, user: User, report: Reporter) -> None:
    """Read the whole file again, check it, and store the preview."""
    layout = unpacked(roster.layout)
    with opened(roster) as sheet:
        plan = Planner(user).plan(data_rows(sheet, layout), layout, mended_rows(roster), report)
    replace_rows(roster, plan)
    roster.counts = plan.counts


def write(roster: RosterImport, user: User, report: Reporter) -> None:
    """Write the stored preview; one audit event for the whole import."""
    total = roster.counts.get("create", 0) + roster.counts.get("update", 0)
    writer = Writer(user, roster.unit, Planner(user))
    with coming_from(Origin.IMPORT, str(roster.uuid)):
        done = writer.write(stored_writes(roster), lambda count: report(count, total))
    remember(roster, writer.created)
    counts = roster.counts | done | {"sm3": roster.file_digest}
    record(Verb.IMPORT, by=user, kind="roster", reference=str(roster.uuid), counts=counts)


def settle(roster_id: int, user: User, state: JobState, reason: str) -> None:
    """End the work of a stage without its outcome: say why, and return to the step before."""
    with transaction_as(user.pk):
        roster = RosterImport.objects.visible_to(user).filter(pk=roster_id, stage__in=FALL_BACK).first()
        if roster is None:
            return
        roster.stage = FALL_BACK[Stage(roster.stage)]
        roster.job_state, roster.job_error, roster.cancel_requested = state, reason[:500], False
        roster.save(update_fields=["stage", "job_state", "job_error", "cancel_requested"])


@shared_task
def purge_imports() -> None:
    """Delete stored files and preview rows after seven days; what was imported, by whom, stays."""
    limit = timezone.now() - timedelta(days=KEEP_DAYS)
    with transaction.atomic():
        old = RosterImport.objects.filter(uploaded_at__lt=limit).exclude(stored_as="")
        files = list(old.values_list("pk", "stored_as"))
        RosterRow.objects.filter(roster__in=[pk for pk, _ in files])._raw_delete("default")
        RosterImport.objects.filter(pk__in=[pk for pk, _ in files]).update(
            stored_as="", layout={}, sample_sealed=b"", sample_key=""
        )
    for _, stored_as in files:
        VAULT.forget(stored_as)
