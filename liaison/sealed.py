"""Everything that is stored encrypted under FIELD_KEYS, so that a key can be replaced everywhere.

tests/policy/test_sealed.py walks models and code for what is missing here.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Func, Model, QuerySet, TextField

from activities.models import BriefingFile, Photo, TrainingFile
from activities.models.briefing import VAULT as briefing_files
from activities.models.contact import VAULT as photo_files
from activities.models.training import VAULT as training_files
from core.vault import Vault
from exchange.models import RosterImport, RosterRow
from exchange.pipeline.source import VAULT as roster_files
from exchange.rows import bound_to as roster_place
from experts.exit_texts import bound_to as exit_place
from experts.models import ChangeReport, Evidence, ExitText, Merge, ProposalFile, SensitiveValue
from experts.models.evidence import VAULT as evidence_files
from experts.models.proposal_file import VAULT as proposal_files
from experts.sensitive import bound_to as sensitive_place
from experts.sensitive import merge_place
from reports.models import VAULT as export_files
from reports.models import Export


@dataclass(frozen=True)
class Place:
    """Encrypted bytes in a column, beside the id of their key; `bound_to` ties a value to its row."""

    model: type[Model]
    content: str
    key: str
    bound_to: Callable[[Any], str]
    related: str = ""
    batch: int = 200  # rows in one transaction

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def name(self) -> str:
        return f"{self.table}.{self.content}"

    def rows(self) -> QuerySet[Any]:
        """Rows that hold something, in the order of their keys, with the transaction that wrote each."""
        written_by = Func(template=f"{self.table}.xmin::text", output_field=TextField())
        rows = self.model._base_manager.exclude(**{self.key: ""}).annotate(written_by=written_by)
        return (rows.select_related(self.related) if self.related else rows).order_by("pk")

    def read(self, row: Any) -> bytes:
        """The ciphertext. OSError when it is gone."""
        return bytes(getattr(row, self.content))

    @contextmanager
    def replacing(self, row: Any, ciphertext: bytes, key_id: str) -> Iterator[None]:
        """Store another ciphertext in the row's place; an exception inside takes it back."""
        self._update(row, **{self.content: ciphertext, self.key: key_id})
        yield

    def _update(self, row: Any, **values: Any) -> None:
        self.model._base_manager.filter(pk=row.pk).update(**values)


@dataclass(frozen=True, kw_only=True)
class FilePlace(Place):
    """Encrypted files: the row holds a random name in `vault`."""

    vault: Vault
    batch: int = 1

    def rows(self) -> QuerySet[Any]:
        return super().rows().exclude(**{self.content: ""})

    def read(self, row: Any) -> bytes:
        return (self.vault.folder() / getattr(row, self.content)).read_bytes()

    @contextmanager
    def replacing(self, row: Any, ciphertext: bytes, key_id: str) -> Iterator[None]:
        """Under a new name; the old file goes once the row names the new one for good."""
        old = self.vault.folder() / getattr(row, self.content)
        new = self.vault.folder() / secrets.token_hex(16)
        try:
            _write_like(old, new, ciphertext)
            self._update(row, **{self.content: new.name, self.key: key_id})
            yield
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        transaction.on_commit(lambda: old.unlink(missing_ok=True))


def _write_like(old: Path, new: Path, data: bytes) -> None:
    """A file on disk, for nobody but the owner of the old one."""
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        if os.geteuid() == 0:
            os.chown(new, old.stat().st_uid, old.stat().st_gid)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


PLACES: tuple[Place, ...] = (
    Place(
        SensitiveValue,
        "ciphertext",
        "key_id",
        lambda row: sensitive_place(row.expert.uuid, row.field),
        related="expert",
    ),
    Place(Merge, "sealed", "key_id", lambda row: merge_place(row.uuid)),
    Place(ChangeReport, "ciphertext", "key_id", lambda row: row.bound_to),
    Place(ExitText, "ciphertext", "key_id", lambda row: exit_place(row.case.uuid, row.kind), related="case"),
    Place(RosterRow, "sealed", "key_id", lambda row: roster_place(row.roster, row.number), related="roster"),
    Place(RosterImport, "sample_sealed", "sample_key", lambda row: roster_place(row, "sample")),
    FilePlace(
        RosterImport, "stored_as", "stored_key", lambda row: roster_place(row, "file"), vault=roster_files
    ),
    FilePlace(Evidence, "stored_as", "stored_key", lambda row: row.bound_to, vault=evidence_files),
    FilePlace(ProposalFile, "stored_as", "stored_key", lambda row: row.bound_to, vault=proposal_files),
    FilePlace(Photo, "stored_as", "stored_key", lambda row: row.bound_to, vault=photo_files),
    FilePlace(BriefingFile, "stored_as", "stored_key", lambda row: row.bound_to, vault=briefing_files),
    FilePlace(TrainingFile, "stored_as", "stored_key", lambda row: row.bound_to, vault=training_files),
    FilePlace(Export, "stored_as", "stored_key", lambda row: row.bound_to, vault=export_files),
)
