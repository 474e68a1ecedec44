"""What people do with a roster on its way into the register."""

import tempfile
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import Unit, User
from audit.actions import record
from audit.verbs import Verb
from core.crypto import sm3
from core.jobs import JobState
from exchange.models import ColumnMemory, RosterImport, RosterRow, RowState, Stage
from exchange.pipeline.source import VAULT, keep
from exchange.reading import RosterRefused, sniff
from exchange.reading.refusals import MAX_FILE_BYTES, MEGABYTE
from exchange.rows import content, seal
from exchange.synonyms import FIELD_LABELS, FIRST_FILLED, REPEATABLE
from experts.actions.proposals import propose_all
from experts.models import Expert, Proposal, ProposalState

AT_ONCE = 2_000  # rows up to which a proposal is drafted while the user waits
NO_QUEUE = "任务队列暂时连不上，请过几分钟再试；仍不行请联系系统管理员。"


def owner_unit(by: User, unit: Unit) -> Unit:
    """The unit in which the user holds the role that reaches `unit`; PermissionDenied when there is none."""
    held = set(by.held_units("change"))
    above = [a.unit for a in by.current_assignments if a.unit_id in held and a.unit.contains(unit.order)]
    if not above:
        raise PermissionDenied("您没有向该单位导入名册的权限。")
    return max(above, key=lambda each: each.order)


def start_import(*, by: User, unit: Unit, upload: UploadedFile) -> RosterImport:
    """Take a roster in and queue its reading. ValidationError in Chinese when the file is refused at once."""
    if (upload.size or 0) > MAX_FILE_BYTES:
        raise ValidationError(f"文件超过 {MAX_FILE_BYTES // MEGABYTE} MB，请拆分后再上传。")
    data = upload.read()
    name = (upload.name or "名册")[-200:]
    _refuse_early(data, name)
    return _take_in(by, unit, name, data)


def _refuse_early(data: bytes, name: str) -> None:
    with tempfile.NamedTemporaryFile(dir=VAULT.folder()) as clear:
        clear.write(data)
        clear.flush()
        try:
            sniff(Path(clear.name), name)
        except RosterRefused as refusal:
            raise ValidationError(str(refusal)) from None


@transaction.atomic
def _take_in(by: User, unit: Unit, name: str, data: bytes) -> RosterImport:
    roster = RosterImport(
        unit=unit, owner_unit=owner_unit(by, unit), uploaded_by=by, file_name=name, file_digest=sm3(data)
    )
    keep(roster, data)
    roster.save()
    record(Verb.IMPORT, by=by, kind="roster", reference=str(roster.uuid), result="uploaded",
           counts={"bytes": len(data), "sm3": roster.file_digest})  # fmt: skip
    _queue(by, roster)
    return roster


def _queue(by: User, roster: RosterImport) -> None:
    """Hand the import to a worker once this transaction is committed; without a queue it says so at once."""
    from exchange.tasks import run_import, settle  # tasks call actions

    def send() -> None:
        try:
            run_import.delay(roster.pk, by.pk)
        except OperationalError:
            settle(roster.pk, by, JobState.FAILED, NO_QUEUE)

    transaction.on_commit(send)


def _advance(by: User, roster: RosterImport, stage: Stage, allowed: set[Stage]) -> None:
    """Move an idle import to a stage whose work is then queued; ValidationError when it is not idle there."""
    moved = (
        RosterImport.objects.visible_to(by)
        .filter(pk=roster.pk, stage__in=allowed)
        .exclude(job_state__in=[JobState.WAITING, JobState.RUNNING])
        .update(
            stage=stage,
            job_state=JobState.WAITING,
            job_done=0,
            job_total=0,
            job_error="",
            cancel_requested=False,
        )
    )
    if not moved:
        raise ValidationError("名册正在处理或已经导入，请刷新页面查看。")
    _queue(by, roster)


@transaction.atomic
def set_columns(*, by: User, roster: RosterImport, columns: dict[int, str]) -> None:
    """Say what each column means ("" leaves it out), remember it for the unit, and queue the check."""
    chosen = [field for field in columns.values() if field]
    if "name" not in chosen:
        raise ValidationError("请指定哪一列是“姓名”。")
    for field in set(chosen):
        if field not in FIELD_LABELS:
            raise ValidationError("有一列选择的内容不存在，请重新选择。")
        if chosen.count(field) > 1 and field not in REPEATABLE | FIRST_FILLED:
            raise ValidationError(f"“{FIELD_LABELS[field]}”选了不止一列，请只保留一列。")
    stored = roster.layout
    stored["columns"] = {index: columns.get(int(index), "") for index in stored["columns"]}
    _advance(by, roster, Stage.CHECKING, {Stage.MAPPING, Stage.PREVIEW})
    RosterImport.objects.filter(pk=roster.pk).update(layout=stored)
    ColumnMemory.objects.bulk_create(
        [
            ColumnMemory(unit=roster.owner_unit, header=header[:100], field=stored["columns"].get(index, ""))
            for index, header in stored["header_texts"].items()
            if header
        ],
        update_conflicts=True,
        unique_fields=["unit", "header"],
        update_fields=["field"],
    )


@transaction.atomic
def fix_row(*, by: User, roster: RosterImport, number: int, values: dict[str, str]) -> None:
    """Correct texts of a held row by field; the whole roster is checked again, since rows may now unite."""
    row = _held(by, roster, number)
    kept = content(row)
    kept.fixes |= {field: text[:2000] for field, text in values.items() if field in FIELD_LABELS}
    _keep(row, kept)
    _advance(by, roster, Stage.CHECKING, {Stage.PREVIEW})


@transaction.atomic
def accept_award(*, by: User, roster: RosterImport, number: int, awards: list[dict[str, Any]]) -> None:
    """Take texts that the catalogue does not know over as awards awaiting verification (三（二）)."""
    row = _held(by, roster, number)
    kept = content(row)
    unknown = set(kept.unknown_awards)
    for award in awards:
        if award["text"] not in unknown:
            raise ValidationError("这一行里没有这个奖项，请刷新页面。")
    kept.accepted = [*kept.accepted, *awards]
    _keep(row, kept)
    _advance(by, roster, Stage.CHECKING, {Stage.PREVIEW})


def _held(by: User, roster: RosterImport, number: int) -> RosterRow:
    rows = RosterRow.objects.visible_to(by).select_related("roster")
    row = rows.filter(roster=roster, number=number, state=RowState.HELD).first()
    if row is None:
        raise ValidationError("这一行已经处理过了，请刷新页面。")
    return row


def _keep(row: RosterRow, kept: Any) -> None:
    sealed, key_id = seal(row.roster, row.number, kept)
    RosterRow.objects.filter(roster=row.roster, number=row.number).update(
        sealed=sealed, key_id=key_id, mended=True
    )


@transaction.atomic
def commit_import(*, by: User, roster: RosterImport) -> None:
    """Queue the write of everything that is not held: all or nothing."""
    _advance(by, roster, Stage.COMMITTING, {Stage.PREVIEW})


@transaction.atomic
def cancel(*, by: User, roster: RosterImport) -> None:
    """Ask the running work to stop; nothing of it is kept."""
    from exchange.tasks import STOPPED, settle

    mine = RosterImport.objects.visible_to(by).filter(pk=roster.pk)
    if mine.filter(job_state=JobState.WAITING).exists():  # a worker that comes late finds nothing
        settle(roster.pk, by, JobState.CANCELLED, STOPPED)
    elif not mine.filter(job_state=JobState.RUNNING).update(cancel_requested=True):
        raise ValidationError("名册没有正在进行的处理。")


@transaction.atomic
def discard(*, by: User, roster: RosterImport) -> None:
    """Give the import up; the file and its rows are deleted."""
    current = RosterImport.objects.visible_to(by).select_for_update().get(pk=roster.pk)
    if current.is_active or current.stage == Stage.COMMITTED:
        raise ValidationError("正在处理或已经导入的名册不能放弃。")
    RosterRow.objects.filter(roster=current)._raw_delete("default")
    stored_as = current.stored_as
    record(Verb.DELETE, by=by, kind="roster", reference=str(current.uuid))
    current.delete()
    transaction.on_commit(lambda: VAULT.forget(stored_as))


@transaction.atomic
def propose_import(*, by: User, roster: RosterImport) -> Proposal | None:
    """One proposal to admit everybody of the imported roster who is not on the unit's list yet. A large one
    is drafted by a worker: None. ValidationError when there is one already, or nobody is left to propose."""
    current = RosterImport.objects.visible_to(by).select_for_update(of=("self",)).get(pk=roster.pk)
    if current.stage != Stage.COMMITTED:
        raise ValidationError("名册导入完成以后才能提出。")
    if current.proposal and current.proposal.state != ProposalState.WITHDRAWN:
        raise ValidationError(f"这份名册已经起草了提案 {current.proposal.number}。")
    if not RosterRow.objects.visible_to(by).filter(roster=current).exists():
        raise ValidationError("名册的内容已按规定清除，请从“符合条件未纳入”提出。")
    if current.counts.get("rows", 0) > AT_ONCE:
        _advance(by, current, Stage.PROPOSING, {Stage.COMMITTED})
        return None
    proposal = draft_for(by=by, roster=current)
    RosterImport.objects.filter(pk=current.pk).update(proposal=proposal)
    return proposal


def draft_for(*, by: User, roster: RosterImport) -> Proposal:
    """The proposal itself, of everybody whom `people_of` leaves; recorded by the drafting."""
    note = f"根据 {timezone.localtime(roster.committed_at):%Y-%m-%d} 导入的名册提出"
    return propose_all(by=by, unit=roster.unit, experts=people_of(by, roster), note=note)


def people_of(user: User, roster: RosterImport) -> QuerySet[Expert]:
    """Those of the roster's people whom the user may change now, new or known before."""
    rows = RosterRow.objects.visible_to(user).filter(
        roster=roster, state=RowState.OK, expert_id__isnull=False
    )
    return Expert.objects.changeable_by(user).filter(pk__in=rows.values("expert_id"))
