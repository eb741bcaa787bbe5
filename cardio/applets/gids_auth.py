"""How the two sides of a GIDS card's admin key show that they know it (GIDS 2.0, GENERAL AUTHENTICATE).

Blocks are enciphered in CBC mode with an IV of zeros, which the specification leaves open and the cards
demand. The key is 3DES with three keys (24 bytes) where the card's challenge has 8 bytes, AES where it
has 16: nothing else on the card says so in a way that all of them share.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from pydantic import SecretBytes

from cardio.errors import ProtocolError
from cardio.tlv import Tlv, find

_TEMPLATE, _CHALLENGE, _RESPONSE = 0x7C, 0x81, 0x82  # ISO 7816-4:2013, 10.5: dynamic authentication data
_RANDOM_LENGTH = 16  # R1 and R2
_DES_BLOCK, _AES_BLOCK = 8, 16
_KEY_LENGTHS = {_DES_BLOCK: (24,), _AES_BLOCK: (16, 24, 32)}
_PADDING = b"\x80"

REQUEST = Tlv.of(_TEMPLATE, [Tlv(_CHALLENGE, b"")]).encode()
"""Asks for a challenge to be answered with `AdminKey.answer`."""


def challenge(answer: bytes) -> bytes:
    """Return the card's challenge from its answer, 7C { 81 }. Raises ProtocolError."""
    found = find(answer, _TEMPLATE, _CHALLENGE)
    if not found:
        raise ProtocolError("no challenge where one was asked for")
    return found


@dataclass(frozen=True)
class AdminKey:
    """An admin key and the cipher it is for."""

    block: int
    _key: bytes = field(repr=False)

    @classmethod
    def fitting(cls, secret: SecretBytes, challenge: bytes) -> AdminKey | None:
        """The key for the cipher that a challenge is meant for, None if it is no key for that cipher.

        Raises ProtocolError for a challenge of no cipher's block.
        """
        key, block = secret.get_secret_value(), len(challenge)
        if block not in _KEY_LENGTHS:
            raise ProtocolError(f"a challenge of {block} bytes")
        return cls(block, key) if len(key) in _KEY_LENGTHS[block] else None

    def answer(self, challenge: bytes) -> bytes:
        """The template that answers a challenge (external authentication): 7C { 82 enciphered challenge }."""
        return _response(self.encrypt(challenge))

    def encrypt(self, blocks: bytes) -> bytes:
        """Encipher whole blocks. Raises ValueError for others."""
        context = self._cipher().encryptor()
        return context.update(blocks) + context.finalize()

    def decrypt(self, blocks: bytes) -> bytes:
        """Decipher whole blocks. Raises ValueError for others."""
        context = self._cipher().decryptor()
        return context.update(blocks) + context.finalize()

    def _cipher(self) -> Cipher[modes.CBC]:
        algorithm = TripleDES(self._key) if self.block == _DES_BLOCK else AES(self._key)
        return Cipher(algorithm, modes.CBC(bytes(self.block)))


class MutualAuthentication:
    """One run of mutual authentication, from fresh random bytes; it can be answered once.

    We send R1, the card R2, both of 16 bytes. Our cryptogram is R2, R1 and Z1, the card's is R1, R2
    and Z2. Z is random, and with the byte 80 fills one block: 7 bytes for 3DES, as GIDS says, and 15
    for AES, of which it says nothing. What Z could be used for, secure messaging, is not used.

    The two cryptograms differ by their order alone. A card that gave our R1 back as its R2 could give
    back our cryptogram too: it gets none. What remains is the protocol's: two copies of one card, each
    before a reader of its own at the same moment, could answer for each other.
    """

    def __init__(self, key: AdminKey) -> None:
        self._key = key
        self._ours = secrets.token_bytes(_RANDOM_LENGTH)
        self._theirs = b""

    def opening(self) -> bytes:
        """The template with R1: 7C { 81 R1 }."""
        return Tlv.of(_TEMPLATE, [Tlv(_CHALLENGE, self._ours)]).encode()

    def answer(self, theirs: bytes) -> bytes:
        """The template that answers the card's R2: 7C { 82 cryptogram }.

        Raises ProtocolError for an R2 of another length, or one that is R1.
        """
        if len(theirs) != _RANDOM_LENGTH or theirs == self._ours:
            raise ProtocolError("a challenge that no card would give")
        self._theirs = theirs
        z1 = secrets.token_bytes(self._key.block - 1)
        return _response(self._key.encrypt(theirs + self._ours + z1 + _PADDING))

    def proven_by(self, answer: bytes) -> bool:
        """Whether the card's answer, 7C { 82 cryptogram }, can only come from who knows the key."""
        try:
            cryptogram = find(answer, _TEMPLATE, _RESPONSE)
        except ProtocolError:
            return False
        length = 2 * _RANDOM_LENGTH + self._key.block
        if not self._theirs or cryptogram is None or len(cryptogram) != length:
            return False
        plain = self._key.decrypt(cryptogram)
        genuine = hmac.compare_digest(plain[: 2 * _RANDOM_LENGTH], self._ours + self._theirs)
        return genuine and plain.rstrip(b"\0").endswith(_PADDING)


def _response(cryptogram: bytes) -> bytes:
    return Tlv.of(_TEMPLATE, [Tlv(_RESPONSE, cryptogram)]).encode()
