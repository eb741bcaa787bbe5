"""How an OpenPGP card wants its passwords hashed before they are sent (OpenPGP card 3.4, 4.3.2: KDF-DO).

A card with KDF on never sees a password, and one that saw a plain one would count a wrong try.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum

from cardio.applets.openpgp_data import KDF, unwrapped
from cardio.errors import CardUnsupported, ProtocolError
from cardio.tlv import parse

_NONE, _ITERATED_SALTED = 0x00, 0x03  # RFC 4880, 3.7.1.3
_HASHES = {0x08: "sha256", 0x0A: "sha512"}  # RFC 4880, 9.4
_MAX_COUNT = 0x0800_0000  # 128 MiB, less than a second; RFC 4880 can write no more than 62 MiB
_MAX_SALT = 64
_BLOCK = 0x10000


class Password(IntEnum):
    """The three passwords of the card, each by the tag of its salt in the KDF-DO."""

    PW1 = 0x84  # the passcode
    RESETTING_CODE = 0x85
    PW3 = 0x86  # the admin PIN


@dataclass(frozen=True)
class Kdf:
    """Iterated and salted S2K: ``count`` bytes of salt and password, over and over, are hashed once."""

    hash_name: str
    count: int
    salts: dict[Password, bytes] = field(repr=False)

    def derive(self, password: Password, value: bytes) -> bytes:
        """Return what is sent to the card. Takes up to a second: call it in a thread."""
        seed = self.salts[password] + value
        total = max(self.count, len(seed))
        block = seed * -(-min(total, _BLOCK) // len(seed))
        digest = hashlib.new(self.hash_name)
        for _ in range(total // len(block)):
            digest.update(block)
        digest.update(block[: total % len(block)])
        return digest.digest()


def parse_kdf(content: bytes) -> Kdf | None:
    """Read a KDF-DO (the content of F9, or F9 itself); None if passwords are sent as they are.

    Raises CardUnsupported for one that is not understood, for then nothing may be sent.
    """
    try:
        objects = {item.tag: item.value for item in parse(unwrapped(KDF, content))}
    except ProtocolError as error:
        raise CardUnsupported("the card's KDF object cannot be read") from error
    algorithm = objects.get(0x81, b"")
    if not objects or algorithm == bytes([_NONE]):
        return None
    hash_name = _HASHES.get(int.from_bytes(objects.get(0x82, b""), "big"))
    count = int.from_bytes(objects.get(0x83, b""), "big")
    if algorithm != bytes([_ITERATED_SALTED]) or hash_name is None or not 0 < count <= _MAX_COUNT:
        raise CardUnsupported("the card's KDF object asks for what is not understood")
    return Kdf(hash_name, count, _salts(objects))


def _salts(objects: dict[int, bytes]) -> dict[Password, bytes]:
    """Each password's salt; where there is only that of PW1, it is for all three."""
    shared = objects.get(Password.PW1, b"")
    salts = {password: objects.get(password, shared) for password in Password}
    if not all(0 < len(salt) <= _MAX_SALT for salt in salts.values()):
        raise CardUnsupported("the card's KDF object has no usable salt")
    return salts
