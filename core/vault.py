"""Files kept encrypted on disk below MEDIA_ROOT, readable by the product's own account only."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from core.crypto import decrypt_bytes, encrypt_bytes


@dataclass(frozen=True)
class Vault:
    """A folder of encrypted files; `bound_to` ties each to the row that it belongs to."""

    name: str

    def folder(self) -> Path:
        path = Path(settings.MEDIA_ROOT) / self.name
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    def keep(self, stored_as: str, data: bytes, *, bound_to: str) -> str:
        """Store the file under this name; returns the id of the key."""
        sealed, key_id = encrypt_bytes(data, bound_to=bound_to)
        path = self.folder() / stored_as
        path.touch(mode=0o600)
        path.write_bytes(sealed)
        return key_id

    def read(self, stored_as: str, *, key_id: str, bound_to: str) -> bytes:
        """The file in clear. OSError when it is gone, cryptography's InvalidTag when it was tampered with."""
        sealed = (self.folder() / stored_as).read_bytes()
        return decrypt_bytes(sealed, key_id=key_id, bound_to=bound_to)

    def forget(self, stored_as: str) -> None:
        if stored_as:
            (self.folder() / stored_as).unlink(missing_ok=True)
