"""Reading and writing the encrypted fields of an expert."""

from dataclasses import dataclass
from uuid import UUID

from core.crypto import blind_index, decrypt, encrypt
from core.id_numbers import identity_key, parse_id_number
from experts.enums import SensitiveField
from experts.models import Expert, SensitiveValue

MASK = "••••••••"


@dataclass(frozen=True)
class SensitiveInput:
    """A checked value: what is encrypted and, where equal values must be found, the key to match by."""

    field: SensitiveField
    text: str
    match: str = ""
    kind: str = ""


def check_id_number(text: str) -> SensitiveInput:
    """An ID number in its normal form; ValueError with a Chinese reason."""
    kind, number = parse_id_number(text)
    return SensitiveInput(SensitiveField.ID_NUMBER, number, match=identity_key(number), kind=kind.value)


def bound_to(uuid: UUID, field: str) -> str:
    """The associated data that ties a ciphertext to its place."""
    return f"experts_sensitivevalue|{uuid}|{field}"


def seal(uuid: UUID, value: SensitiveInput) -> tuple[bytes, str, bytes | None]:
    """Ciphertext, key id and blind index of a value of the expert with this uuid."""
    ciphertext, key_id = encrypt(value.text, bound_to=bound_to(uuid, value.field.value))
    return ciphertext, key_id, match_index(value.match) if value.match else None


def sealed(expert: Expert, value: SensitiveInput) -> SensitiveValue:
    """The row that holds the value, not yet saved."""
    ciphertext, key_id, index = seal(expert.uuid, value)
    return SensitiveValue(
        expert=expert, field=value.field, ciphertext=ciphertext, key_id=key_id, blind_index=index
    )


def match_index(match: str) -> bytes:
    return blind_index(match, purpose="id_number")


def opened(expert: Expert, row: SensitiveValue) -> str:
    """The clear text; call only after the audit event is written (experts.actions.register.reveal)."""
    return decrypt(row.ciphertext, key_id=row.key_id, bound_to=bound_to(expert.uuid, row.field))


def merge_place(uuid: UUID) -> str:
    """The associated data that ties what undoing a merge needs to its merge."""
    return f"experts_merge|{uuid}"


def seal_snapshot(uuid: UUID, text: str) -> tuple[bytes, str]:
    """Ciphertext and key id of what undoing the merge with this uuid needs."""
    return encrypt(text, bound_to=merge_place(uuid))


def open_snapshot(uuid: UUID, ciphertext: bytes, key_id: str) -> str:
    return decrypt(ciphertext, key_id=key_id, bound_to=merge_place(uuid))
