"""Files beside a briefing or a class: each a row, and what it holds encrypted in a vault."""

import secrets
from typing import BinaryIO, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction

from activities.models import BriefingFile, TrainingFile
from core.vault import Vault
from experts.evidence import Refused, accepted

Row = TypeVar("Row", BriefingFile, TrainingFile)
GONE = "文件已不在，请联系系统管理员。"


def keep(row: Row, vault: Vault, upload: BinaryIO, name: str) -> Row:
    """Store the upload and its row, as the last thing of an act, so that no file stays behind when the act
    fails. ValidationError says why one is not accepted."""
    try:
        file = accepted(upload, name)
    except Refused as problem:
        raise ValidationError({"file": str(problem)}) from None
    row.name, row.size, row.stored_as = file.name, len(file.data), secrets.token_hex(16)
    row.stored_key = vault.keep(row.stored_as, file.data, bound_to=row.bound_to)
    try:
        row.save(force_insert=True)
    except BaseException:
        vault.forget(row.stored_as)
        raise
    return row


def drop(row: BriefingFile | TrainingFile, vault: Vault) -> None:
    """Delete the row, and what it holds once that is certain."""
    stored_as = row.stored_as
    row.delete()
    transaction.on_commit(lambda: vault.forget(stored_as))


def content(row: BriefingFile | TrainingFile, vault: Vault) -> bytes:
    """The file in clear. ValidationError when it is gone."""
    try:
        return vault.read(row.stored_as, key_id=row.stored_key, bound_to=row.bound_to)
    except OSError:
        raise ValidationError(GONE) from None
