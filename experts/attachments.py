"""Files beside a report, a proposal, a briefing, a class: each a row, what it holds encrypted in a vault."""

import secrets
from typing import BinaryIO, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction

from core.vault import Vault
from experts.evidence import Refused, accepted
from experts.models.kept import KeptFile

GONE = "文件已不在，请联系系统管理员。"


Row = TypeVar("Row", bound=KeptFile)


def keep(row: Row, vault: Vault, upload: BinaryIO, name: str, called: str = "") -> Row:
    """Store the upload and its row under its own name, or as it is `called`, as the last thing of an act, so
    that no file stays behind when the act fails. ValidationError says why one is not accepted."""
    try:
        file = accepted(upload, name)
    except Refused as problem:
        raise ValidationError({"file": str(problem)}) from None
    row.name = f"{called}.{file.kind}" if called else file.name
    row.size, row.stored_as = len(file.data), secrets.token_hex(16)
    row.stored_key = vault.keep(row.stored_as, file.data, bound_to=row.bound_to)
    try:
        row.save(force_insert=True)
    except BaseException:
        vault.forget(row.stored_as)
        raise
    return row


def drop(row: KeptFile, vault: Vault) -> None:
    """Delete the row, and what it holds once that is certain."""
    stored_as = row.stored_as
    row.delete()
    transaction.on_commit(lambda: vault.forget(stored_as))


def content(row: KeptFile, vault: Vault) -> bytes:
    """The file in clear. ValidationError when it is gone."""
    try:
        return vault.read(row.stored_as, key_id=row.stored_key, bound_to=row.bound_to)
    except OSError:
        raise ValidationError(GONE) from None
