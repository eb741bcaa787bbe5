"""The admin key of a virtual GIDS card: challenges, both kinds of authentication, a counter if wanted."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from cardio.apdu import SW, Response
from cardio.tlv import Tlv

CipherName = Literal["3des", "aes"]

_KEY_LENGTHS: dict[CipherName, tuple[int, ...]] = {"3des": (24,), "aes": (16, 24, 32)}
_RANDOM_LENGTH = 16


class Stage(Enum):
    """How far authentication has come in this session."""

    NONE = "none"
    SELECTED = "selected"  # by MANAGE SECURITY ENVIRONMENT
    EXTERNAL = "external"  # a challenge waits for its answer
    MUTUAL = "mutual"
    DONE = "done"


@dataclass
class AdminKey:
    """A symmetric key and how many wrong answers it still stands; ``left`` None: as many as one likes.

    ``refusal`` is the status word for a wrong answer. Raises ValueError for a key that is none.
    """

    cipher: CipherName
    value: bytes = field(repr=False)
    tries: int | None = None
    left: int | None = None
    refusal: int = SW.SECURITY_STATUS_NOT_SATISFIED
    mutual: bool = True
    stage: Stage = Stage.NONE
    _ours: bytes = field(default=b"", repr=False)
    _theirs: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        self.set(self.value)
        self.left = self.tries if self.left is None else self.left

    def set(self, value: bytes) -> None:
        """Take a new key. Raises ValueError if it has not a length of the cipher's."""
        if len(value) not in _KEY_LENGTHS[self.cipher]:
            raise ValueError(f"{self.cipher} keys have {_KEY_LENGTHS[self.cipher]} bytes")
        self.value = value

    @property
    def authenticated(self) -> bool:
        """Whether an administrator is there."""
        return self.stage is Stage.DONE

    def forget(self) -> None:
        """End the administrator's session."""
        self.stage, self._ours, self._theirs = Stage.NONE, b"", b""

    def select(self) -> Response:
        """Take the key into use (MANAGE SECURITY ENVIRONMENT)."""
        self.forget()
        self.stage = Stage.SELECTED
        return Response(b"", SW.OK)

    def challenge(self, theirs: bytes) -> Response:
        """Give a challenge: of one block for external authentication, of 16 bytes where one came in."""
        if self.stage is Stage.NONE:
            return Response(b"", SW.CONDITIONS_NOT_SATISFIED)
        if self.left == 0:
            return Response(b"", SW.AUTHENTICATION_METHOD_BLOCKED)
        if theirs and (len(theirs) != _RANDOM_LENGTH or not self.mutual):
            return Response(b"", SW.INCORRECT_DATA)
        self.stage = Stage.MUTUAL if theirs else Stage.EXTERNAL
        self._theirs = theirs
        self._ours = secrets.token_bytes(_RANDOM_LENGTH if theirs else self._block)
        return _answer(0x81, self._ours)

    def answered(self, cryptogram: bytes) -> Response:
        """Compare the answer to the challenge, and show in a mutual one that this card knows the key too."""
        stage, ours, theirs = self.stage, self._ours, self._theirs
        self.forget()
        if stage not in (Stage.EXTERNAL, Stage.MUTUAL):
            return Response(b"", SW.CONDITIONS_NOT_SATISFIED)
        expected = ours + theirs
        if not self._right(cryptogram, expected, padded=stage is Stage.MUTUAL):
            return Response(b"", self.refusal)
        self.stage = Stage.DONE
        if stage is Stage.EXTERNAL:
            return Response(b"", SW.OK)
        plain = theirs + ours + secrets.token_bytes(self._block - 1) + b"\x80"
        context = self._algorithm.encryptor()
        return _answer(0x82, context.update(plain) + context.finalize())

    def _right(self, cryptogram: bytes, expected: bytes, *, padded: bool) -> bool:
        """Whether an answer is right; a try is spent first, and a right one gives all back."""
        if self.left is not None:
            self.left -= 1
        if len(cryptogram) != len(expected) + padded * self._block:
            return False
        context: CipherContext = self._algorithm.decryptor()
        plain = context.update(cryptogram) + context.finalize()
        right = hmac.compare_digest(plain[: len(expected)], expected)
        if not right or (padded and plain[-1] != 0x80):
            return False
        self.left = self.tries
        return True

    @property
    def _block(self) -> int:
        return 8 if self.cipher == "3des" else 16

    @property
    def _algorithm(self) -> Cipher[modes.CBC]:
        algorithm = TripleDES(self.value) if self.cipher == "3des" else AES(self.value)
        return Cipher(algorithm, modes.CBC(bytes(self._block)))


def _answer(tag: int, value: bytes) -> Response:
    return Response(Tlv.of(0x7C, [Tlv(tag, value)]).encode(), SW.OK)
