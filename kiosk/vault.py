"""Unblock secrets at rest: AES-256-GCM, bound to the card and field they belong to.

A row copied onto another card, or altered by one bit, does not open.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretBytes

KEY_LENGTH = 32  # bytes
_NONCE_LENGTH = 12  # bytes: random nonces of 96 bits, NIST SP 800-38D 8.2.2


class VaultError(Exception):
    """A sealed secret cannot be opened. Says which key it needs or that it was altered, no more."""


@dataclass(frozen=True)
class Sealed:
    """A secret as it is stored. ``ciphertext`` ends with the 16 bytes of the tag."""

    key_id: str
    nonce: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)


class Vault:
    """Seals and opens secrets with one key of 32 bytes, which ``key_id`` names."""

    def __init__(self, key: SecretBytes, key_id: str) -> None:
        """Raises ValueError if the key has another length."""
        if len(key.get_secret_value()) != KEY_LENGTH:
            raise ValueError(f"the vault key must be {KEY_LENGTH} bytes long")
        self._cipher = AESGCM(key.get_secret_value())
        self._print_key = hmac.digest(key.get_secret_value(), b"unlock-kiosk secret fingerprint", "sha256")
        self._key_id = key_id

    @property
    def key_id(self) -> str:
        """The name of the key new secrets are sealed with."""
        return self._key_id

    def fingerprint(self, secret: SecretBytes) -> bytes:
        """What tells whether two cards have the same secret, and without the key nothing: 16 bytes."""
        return hmac.digest(self._print_key, secret.get_secret_value(), "sha256")[:16]

    def seal(self, card_audit_key: str, field: str, secret: SecretBytes) -> Sealed:
        """Encrypt a secret for one field of one card. Raises ValueError if a name contains "|"."""
        nonce = secrets.token_bytes(_NONCE_LENGTH)
        bound_to = self._associated_data(card_audit_key, field)
        return Sealed(self._key_id, nonce, self._cipher.encrypt(nonce, secret.get_secret_value(), bound_to))

    def open(self, card_audit_key: str, field: str, sealed: Sealed) -> SecretBytes:
        """Decrypt what was sealed for this field of this card. Raises VaultError."""
        if sealed.key_id != self._key_id:
            raise VaultError(f"sealed with key {sealed.key_id!r}, but the key here is {self._key_id!r}")
        bound_to = self._associated_data(card_audit_key, field)
        try:
            return SecretBytes(self._cipher.decrypt(sealed.nonce, sealed.ciphertext, bound_to))
        except (InvalidTag, ValueError):
            raise VaultError("altered, or sealed for another card or with another key") from None

    def _associated_data(self, card_audit_key: str, field: str) -> bytes:
        names = (self._key_id, card_audit_key, field)
        if any("|" in name for name in names):
            raise ValueError('a name bound to a secret cannot contain "|"')
        return "|".join(names).encode()
