"""How what is said in a case of mandatory exit is encrypted."""

from uuid import UUID

from core.crypto import encrypt
from experts.models import ExitText, ExitTextKind, MandatoryExit


def bound_to(case: UUID, kind: str) -> str:
    """The associated data that ties a ciphertext to its place."""
    return f"experts_exittext|{case}|{kind}"


def sealed_text(case: MandatoryExit, kind: ExitTextKind, text: str) -> ExitText:
    """The row that holds the text, not yet saved."""
    ciphertext, key_id = encrypt(text, bound_to=bound_to(case.uuid, kind.value))
    return ExitText(expert=case.expert, case=case, kind=kind, ciphertext=ciphertext, key_id=key_id)
