"""The pepper: the store's root secret. Answers and codes are hashed with it, further keys derived from it."""

from __future__ import annotations

import hmac
from typing import Protocol

from pydantic import SecretBytes


class Pepper(Protocol):
    """A key that only ever makes HMACs, from a file or inside a token. Safe to use from several threads."""

    def digest(self, content: bytes) -> bytes:
        """HMAC-SHA-256 of the content: 32 bytes.

        In a token it takes 0.1 ms or more, so not on the event loop. Raises KeyProblem where the token
        is out of reach.
        """
        ...


def derived(pepper: Pepper, label: str) -> SecretBytes:
    """A key for one use: HMAC-SHA-256 with the pepper over the label. Raises KeyProblem."""
    return SecretBytes(pepper.digest(b"unlock-kiosk " + label.encode()))


class PlainPepper:
    """A pepper in this process's memory."""

    def __init__(self, key: SecretBytes) -> None:
        self._key = key

    def digest(self, content: bytes) -> bytes:
        """HMAC-SHA-256 of the content: 32 bytes."""
        return hmac.digest(self._key.get_secret_value(), content, "sha256")
