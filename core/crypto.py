"""Encryption of sensitive fields (SM4-GCM), blind indexes (HMAC-SM3) and digests (SM3).

Keys come from FIELD_KEYS, `id:sm4-key-hex:index-key-hex`, the current one first; older ones still decrypt.
Nothing here reaches the database, so a dump without the keys shows nothing.
"""

import os
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE = 12  # bytes
TAG = 16  # bytes


@dataclass(frozen=True)
class FieldKey:
    id: str
    secret: bytes
    index_secret: bytes


@cache
def _keys(configured: tuple[str, ...]) -> dict[str, FieldKey]:
    keys = {}
    for entry in configured:
        try:
            key_id, secret, index_secret = entry.split(":")
            key = FieldKey(key_id, bytes.fromhex(secret), bytes.fromhex(index_secret))
        except ValueError:
            raise ImproperlyConfigured("FIELD_KEYS entries are id:sm4-key-hex:index-key-hex.") from None
        if len(key.secret) != 16 or len(key.index_secret) < 16:
            raise ImproperlyConfigured(f"FIELD_KEYS entry {key_id} has a key of the wrong length.")
        keys[key.id] = key
    return keys


def _current() -> FieldKey:
    return next(iter(_keys(tuple(settings.FIELD_KEYS)).values()))


def key_ids() -> list[str]:
    """The configured keys, the current one first."""
    return list(_keys(tuple(settings.FIELD_KEYS)))


def shares_index_key(key_id: str) -> bool:
    """Whether values under this key are matched by the current index key too."""
    return _keys(tuple(settings.FIELD_KEYS))[key_id].index_secret == _current().index_secret


def encrypt(text: str, *, bound_to: str) -> tuple[bytes, str]:
    """Encrypt a text under the current key; returns (nonce + ciphertext + tag, key id).

    `bound_to` names table, row and field, so that a value copied elsewhere no longer decrypts.
    """
    return encrypt_bytes(text.encode(), bound_to=bound_to)


def decrypt(data: bytes | memoryview, *, key_id: str, bound_to: str) -> str:
    """The text again. Raises cryptography's InvalidTag when the data or its place was tampered with."""
    return decrypt_bytes(data, key_id=key_id, bound_to=bound_to).decode()


def encrypt_bytes(clear: bytes, *, bound_to: str) -> tuple[bytes, str]:
    """`encrypt` for files."""
    key = _current()
    nonce = os.urandom(NONCE)
    encryptor = Cipher(algorithms.SM4(key.secret), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(bound_to.encode())
    body = encryptor.update(clear) + encryptor.finalize()
    return nonce + body + encryptor.tag, key.id


def decrypt_bytes(data: bytes | memoryview, *, key_id: str, bound_to: str) -> bytes:
    """`decrypt` for files."""
    key = _keys(tuple(settings.FIELD_KEYS))[key_id]
    data = bytes(data)
    nonce, body, tag = data[:NONCE], data[NONCE:-TAG], data[-TAG:]
    decryptor = Cipher(algorithms.SM4(key.secret), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(bound_to.encode())
    return decryptor.update(body) + decryptor.finalize()


def blind_index(text: str, *, purpose: str) -> bytes:
    """A keyed digest, equal for equal texts of one purpose; it finds a value without showing it.

    The index key stays the same when the encryption key is rotated.
    """
    return hmac_sm3(_current().index_secret, f"{purpose}|{text}".encode())


def hmac_sm3(key: bytes, message: bytes) -> bytes:
    mac = HMAC(key, hashes.SM3())
    mac.update(message)
    return mac.finalize()


def sm3(data: bytes) -> str:
    """Hex digest of a file or message."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize().hex()
