"""What an OpenPGP card's data objects say (OpenPGP card 3.4, 4.2 to 4.4). Pure functions over bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from cardio.certificates import UNREADABLE, load
from cardio.errors import ProtocolError
from cardio.tlv import parse

AID = bytes.fromhex("D27600012401")
APPLICATION_RELATED_DATA, APPLICATION_IDENTIFIER = 0x6E, 0x4F
CAPABILITIES, AUTHENTICATION_ALGORITHM, PW_STATUS, KDF = 0xC0, 0xC3, 0xC4, 0xF9
USUAL_MAX = 32  # the longest password of most 2.x cards; taken where a card tells nothing sensible
_AID_LENGTH = 16
_NUMBER = re.compile(r"(?:D27600012401[0-9A-F]{4})?([0-9A-F]{12})(?:0000)?")
_TEMPLATES = (APPLICATION_RELATED_DATA, 0x73)
_PIN_BLOCK = 0x80
_MAY_HAVE_KDF = 0x01


def parse_number(text: str) -> str:
    """Read manufacturer and serial as people write them: 12 hexadecimal digits, or the whole AID.

    Blanks and colons between the digits do not matter. Raises ValueError.
    """
    kind, _, rest = text.strip().partition(":")
    number = rest if kind.strip().lower() == "serial" else text
    found = _NUMBER.fullmatch(re.sub(r"[\s:]", "", number).upper())
    if not found or not found[1][4:].strip("0") or len(found[0]) not in (12, 32):
        raise ValueError(
            "is not the number of an OpenPGP card: serial: and 12 hexadecimal digits (manufacturer and "
            "serial number), or the application ID of 32"
        )
    return found[1]


@dataclass(frozen=True)
class Identifier:
    """What the application identifier says (4.2.1)."""

    version: tuple[int, int]
    number: str  # manufacturer and serial, 12 hexadecimal digits

    @classmethod
    def parse(cls, aid: bytes) -> Self | None:
        """Read a full AID, None if it is not that of an OpenPGP card."""
        if len(aid) != _AID_LENGTH or not aid.startswith(AID):
            return None
        return cls((aid[6], aid[7]), aid[8:14].hex().upper())

    @property
    def nameless(self) -> bool:
        """Whether the serial number is all zeros."""
        return not self.number[4:].strip("0")


@dataclass(frozen=True)
class PasswordStatus:
    """The PW status bytes, C4 (4.4.2): for each password the tries left and the longest value.

    A resetting code with 0 tries left is locked, or was never set.
    """

    pw1_left: int
    code_left: int
    pw3_left: int
    pw1_max: int
    code_max: int
    pw3_max: int
    pin_block: bool  # PW1 or PW3 wants the format of ISO 9564-1, since version 3

    @classmethod
    def parse(cls, content: bytes, version: tuple[int, int]) -> Self | None:
        """Read C4, None if it is not what the standard says."""
        content = unwrapped(PW_STATUS, content)
        if len(content) != 7:
            return None
        longest = content[1:4]
        pin_block = version >= (3, 0) and bool((longest[0] | longest[2]) & _PIN_BLOCK)
        pw1, code, pw3 = longest
        left = content[4:7]
        return cls(left[0], left[1], left[2], _limit(pw1, 6), _limit(code, 8), _limit(pw3, 8), pin_block)


def _limit(longest: int, shortest: int) -> int:
    return longest if longest >= shortest else USUAL_MAX


@dataclass(frozen=True)
class ApplicationData:
    """What a card says of itself as it is selected: the application related data, 6E (4.4.3)."""

    identifier: Identifier
    status: PasswordStatus | None
    authentication_algorithm: bytes | None  # C3
    may_have_kdf: bool  # C0 leaves room for a KDF-DO

    @classmethod
    def of(cls, objects: dict[int, bytes]) -> Self | None:
        """Make it of the data objects read; None without the identifier of an OpenPGP card."""
        identifier = Identifier.parse(objects.get(APPLICATION_IDENTIFIER, b""))
        if identifier is None:
            return None
        status = PasswordStatus.parse(objects.get(PW_STATUS, b""), identifier.version)
        capabilities = objects.get(CAPABILITIES)
        may_have_kdf = not capabilities or bool(capabilities[0] & _MAY_HAVE_KDF)
        return cls(identifier, status, objects.get(AUTHENTICATION_ALGORITHM), may_have_kdf)


def flatten(content: bytes) -> dict[int, bytes]:
    """Return the data objects of the application related data (6E), whatever is nested in what.

    Cards nest 73 in 6E, leave it out, or leave 6E itself out. The first of two with one tag counts.
    Nothing is returned for what is no data object at all, for its parts can be asked for one by one.
    """
    found: dict[int, bytes] = {}
    waiting = [(content, 0)]
    while waiting:
        data, depth = waiting.pop(0)
        try:
            items = parse(data)
        except ProtocolError:
            continue
        for item in items:
            if item.tag in _TEMPLATES and depth < len(_TEMPLATES):
                waiting.append((item.value, depth + 1))
            else:
                found.setdefault(item.tag, item.value)
    return found


def unwrapped(tag: int, content: bytes) -> bytes:
    """The content of a data object, whether a card answers GET DATA with it alone or with its tag."""
    try:
        items = parse(content)
    except ProtocolError:
        return content
    return items[0].value if len(items) == 1 and items[0].tag == tag else content


def expiry(content: bytes) -> datetime | None:
    """When the certificate in 7F21 ends (UTC); None where it is empty or holds no X.509 certificate."""
    try:
        return load(unwrapped(0x7F21, content)).not_valid_after_utc
    except (*UNREADABLE, ProtocolError):
        return None
