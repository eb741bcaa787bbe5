"""Secrets at rest: envelope encryption, bound to the card and field they belong to.

Each secret is under a data key of its own (AES-256-GCM), which a key-encrypting key wraps
(`kiosk.wrapping`). A row copied onto another card, or altered by one bit, does not open.
"""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretBytes

from kiosk.keys import KEY_LENGTH, KeyProblem
from kiosk.wrapping import KeyCabinet, KeyEncryptingKey, Keys, VaultError

__all__ = ["Sealed", "Vault", "VaultError", "associated", "opened", "sealed"]

T = TypeVar("T")

NONCE_LENGTH = 12  # bytes: random nonces of 96 bits, NIST SP 800-38D 8.2.2


@dataclass(frozen=True)
class Sealed:
    """A secret as it is stored. ``ciphertext`` ends with the 16 bytes of the tag."""

    key_id: str
    wrapped_key: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)


def sealed(key: KeyEncryptingKey, card_audit_key: str, field: str, secret: SecretBytes) -> Sealed:
    """Encrypt a secret for one field of one card. Raises ValueError if a name contains "|", VaultError."""
    bound_to = associated(key.key_id, card_audit_key, field)
    data_key, nonce = os.urandom(KEY_LENGTH), os.urandom(NONCE_LENGTH)
    ciphertext = AESGCM(data_key).encrypt(nonce, secret.get_secret_value(), bound_to)
    return Sealed(key.key_id, key.wrap(data_key), nonce, ciphertext)


def opened(key: KeyEncryptingKey, card_audit_key: str, field: str, row: Sealed) -> SecretBytes:
    """Decrypt what was sealed for this field of this card. Raises VaultError."""
    try:
        bound_to = associated(row.key_id, card_audit_key, field)
        data_key = key.unwrap(row.wrapped_key)
        return SecretBytes(AESGCM(data_key).decrypt(row.nonce, row.ciphertext, bound_to))
    except (InvalidTag, ValueError, TypeError):  # TypeError: SQLite keeps text in any column
        raise VaultError("altered, or sealed for another card or with another key") from None


def associated(*names: str) -> bytes:
    """Names as associated data. Raises ValueError if one contains "|"."""
    if any("|" in name for name in names):
        raise ValueError('a name bound to a secret cannot contain "|"')
    return "|".join(names).encode()


class Vault:
    """Seals with the newest key of a cabinet, and opens with any.

    A key in a token is used in a thread: a call takes 0.1 ms in SoftHSM, and milliseconds in a token
    on the network.
    """

    def __init__(self, cabinet: KeyCabinet, fingerprint_key: SecretBytes) -> None:
        """Raises KeyProblem."""
        self.cabinet = cabinet
        self._fingerprint_key = fingerprint_key.get_secret_value()
        self._keys = cabinet.load()

    @property
    def keys(self) -> Keys:
        """The key-encrypting keys that are known here."""
        return self._keys

    def fingerprint(self, secret: SecretBytes) -> bytes:
        """What tells whether two cards have the same secret, and without the key nothing: 16 bytes.

        It outlives every key-encrypting key.
        """
        return hmac.digest(self._fingerprint_key, secret.get_secret_value(), "sha256")[:16]

    async def seal(self, card_audit_key: str, field: str, secret: SecretBytes) -> Sealed:
        """Encrypt a secret for one field of one card. Raises as `sealed`."""
        key = self._keys.newest
        return await _aside(key, lambda: sealed(key, card_audit_key, field, secret))

    async def seal_all(self, secrets: Sequence[tuple[str, str, SecretBytes]]) -> list[Sealed]:
        """The same for many, each with its card's audit key and its field."""
        key = self._keys.newest
        return await _aside(key, lambda: [sealed(key, *secret) for secret in secrets])

    async def open(self, card_audit_key: str, field: str, row: Sealed) -> SecretBytes:
        """Decrypt what was sealed for this field of this card. Raises VaultError."""
        key = await self._key(row.key_id)
        return await _aside(key, lambda: opened(key, card_audit_key, field, row))

    async def has(self, name: str) -> bool:
        """Whether the key-encrypting key of that name is here."""
        try:
            await self._key(name)
        except VaultError:
            return False
        return True

    async def wrap(self, data_key: bytes) -> tuple[str, bytes]:
        """A data key wrapped, and the id of the key that did. Raises VaultError."""
        key = self._keys.newest
        return key.key_id, await _aside(key, lambda: key.wrap(data_key))

    async def unwrap(self, name: str, wrapped: bytes) -> bytes:
        """A data key that the key of that id wrapped. Raises VaultError."""
        key = await self._key(name)
        return await _aside(key, lambda: key.unwrap(wrapped))

    async def refresh(self) -> None:
        """Look for newer keys. Raises KeyProblem."""
        self._keys = await asyncio.to_thread(self.cabinet.load)

    async def _key(self, name: str) -> KeyEncryptingKey:
        """The key of that id. One that is not known may be new: it is looked for once."""
        if (key := self._keys.named(name)) is not None:
            return key
        try:
            await self.refresh()
        except KeyProblem as problem:
            raise VaultError(f"sealed with key {name!r}, and {problem}") from None
        if (key := self._keys.named(name)) is None:
            raise VaultError(f"sealed with key {name!r}, but the key here is {self._keys.newest.key_id!r}")
        return key


async def _aside(key: KeyEncryptingKey, work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work) if key.slow else work()
