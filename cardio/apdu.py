"""Command and response APDUs (ISO 7816-4:2013, 5): values, their bytes, and how an answer is fetched.

Status words are plain integers, so that whatever a card invents can be carried; `SW` names those
that the families here act upon.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Self

from cardio.errors import ProtocolError

_SHORT_MAX = 0xFF
_MAX_GET_RESPONSES = 256  # 64 KiB in full pieces; no object on a card is longer
_CHAINING = 0x10
_GET_RESPONSE = 0xC0


class SW(IntEnum):
    """Status words (ISO 7816-4:2013, 5.6) by their standard meaning; cards differ in what they mean."""

    OK = 0x9000
    VERIFICATION_FAILED = 0x6300
    MEMORY_FAILURE = 0x6581
    WRONG_LENGTH = 0x6700
    COMMAND_CHAINING_NOT_SUPPORTED = 0x6884
    SECURITY_STATUS_NOT_SATISFIED = 0x6982
    AUTHENTICATION_METHOD_BLOCKED = 0x6983
    REFERENCE_DATA_NOT_USABLE = 0x6984
    CONDITIONS_NOT_SATISFIED = 0x6985
    COMMAND_NOT_ALLOWED = 0x6986
    INCORRECT_DATA = 0x6A80
    FUNCTION_NOT_SUPPORTED = 0x6A81
    NOT_FOUND = 0x6A82
    INCORRECT_P1_P2 = 0x6A86
    REFERENCED_DATA_NOT_FOUND = 0x6A88
    WRONG_P1_P2 = 0x6B00
    INS_NOT_SUPPORTED = 0x6D00
    CLA_NOT_SUPPORTED = 0x6E00
    NO_PRECISE_DIAGNOSIS = 0x6F00


@dataclass(frozen=True)
class Command:
    """A command APDU. ``le``: None = no answer data asked for, 256 = as much as there is."""

    cla: int
    ins: int
    p1: int = 0
    p2: int = 0
    data: bytes = field(default=b"", repr=False)
    le: int | None = None

    def __post_init__(self) -> None:
        for part in (self.cla, self.ins, self.p1, self.p2):
            if not 0 <= part <= 0xFF:
                raise ValueError("CLA, INS, P1 and P2 are one byte each")
        if len(self.data) > 0xFFFF:
            raise ValueError("command data is longer than 65535 bytes")
        if self.le is not None and not 1 <= self.le <= 0x10000:
            raise ValueError("Le is 1..65536")

    @property
    def header(self) -> bytes:
        """CLA INS P1 P2."""
        return bytes((self.cla, self.ins, self.p1, self.p2))

    def encode(self) -> bytes:
        """Return the bytes: a short APDU where it fits, else an extended one (5.2)."""
        if len(self.data) <= _SHORT_MAX and (self.le is None or self.le <= 256):
            body = bytes([len(self.data)]) + self.data if self.data else b""
            return self.header + body + (b"" if self.le is None else bytes([self.le & 0xFF]))
        body = b"\0" + len(self.data).to_bytes(2, "big") + self.data if self.data else b""
        if self.le is None:
            return self.header + body
        return self.header + body + (b"" if body else b"\0") + (self.le & 0xFFFF).to_bytes(2, "big")

    @classmethod
    def parse(cls, apdu: bytes) -> Self:
        """Read the bytes of a short or extended APDU. Raises ProtocolError."""
        if len(apdu) < 4:
            raise ProtocolError("APDU shorter than its header")
        data, le = _parse_body(apdu[4:])
        return cls(apdu[0], apdu[1], apdu[2], apdu[3], data, le)


@dataclass(frozen=True)
class Response:
    """Data (without the status word) and the status word, SW1 << 8 | SW2."""

    data: bytes = field(repr=False)
    sw: int

    @property
    def ok(self) -> bool:
        """Whether the status word is 9000."""
        return self.sw == SW.OK

    def encode(self) -> bytes:
        """Return data and status word as the card sends them."""
        return self.data + self.sw.to_bytes(2, "big")

    @classmethod
    def parse(cls, answer: bytes) -> Self:
        """Split an answer. Raises ProtocolError if it has no status word, or not one of 6xxx and 9xxx."""
        if len(answer) < 2:
            raise ProtocolError("answer without a status word")
        if answer[-2] >> 4 not in (6, 9):
            raise ProtocolError("answer ends in no status word")
        return cls(answer[:-2], int.from_bytes(answer[-2:], "big"))


def _parse_body(body: bytes) -> tuple[bytes, int | None]:
    """Split what follows the header into data and Le (5.2, table 3: cases 1 to 4, short and extended)."""
    if not body:
        return b"", None
    if len(body) == 1:
        return b"", body[0] or 256
    if body[0] == 0:
        return _parse_extended_body(body)
    data, rest = body[1 : 1 + body[0]], body[1 + body[0] :]
    if len(data) < body[0] or len(rest) > 1:
        raise ProtocolError("Lc does not fit the length of the APDU")
    return data, (rest[0] or 256) if rest else None


def _parse_extended_body(body: bytes) -> tuple[bytes, int | None]:
    if len(body) < 3:
        raise ProtocolError("extended length is cut short")
    length = int.from_bytes(body[1:3], "big")
    if len(body) == 3:
        return b"", length or 0x10000
    data, rest = body[3 : 3 + length], body[3 + length :]
    if not length or len(data) < length or len(rest) not in (0, 2):
        raise ProtocolError("extended Lc does not fit the length of the APDU")
    return data, (int.from_bytes(rest, "big") or 0x10000) if rest else None


Send = Callable[[bytes], Awaitable[bytes]]
"""Carries one APDU to the card and its answer back."""


async def transmit(send: Send, command: Command) -> Response:
    """Send a command and return its whole answer.

    Data over 255 bytes go by command chaining (5.3.3), which cards and readers know better than
    extended length. 61xx is followed by GET RESPONSE, and 6Cxx by the same command with that Le;
    never for a command without Le, which a card might count twice as a wrong try.
    Raises ProtocolError for answers that do not end, and whatever ``send`` raises.
    """
    *leading, last = _chain(command)
    for part in leading:
        response = await _send_with_right_le(send, part)
        if not response.ok:
            return response
    return await _fetch_rest(send, command, await _send_with_right_le(send, last))


def _chain(command: Command) -> Iterator[Command]:
    data = command.data
    while len(data) > _SHORT_MAX:
        yield replace(command, cla=command.cla | _CHAINING, data=data[:_SHORT_MAX], le=None)
        data = data[_SHORT_MAX:]
    le = None if command.le is None else min(command.le, 256)
    yield replace(command, data=data, le=le)


async def _send_with_right_le(send: Send, command: Command) -> Response:
    response = Response.parse(await send(command.encode()))
    if response.sw >> 8 == 0x6C and command.le is not None:
        again = replace(command, le=(response.sw & 0xFF) or 256)
        response = Response.parse(await send(again.encode()))
    return response


async def _fetch_rest(send: Send, command: Command, response: Response) -> Response:
    data = bytearray(response.data)
    channel = command.cla & 0x03 if command.cla < 0x20 else 0  # 5.4.1: GET RESPONSE on the same channel
    for _ in range(_MAX_GET_RESPONSES):
        if response.sw >> 8 != 0x61:
            return Response(bytes(data), response.sw)
        more = Command(channel, _GET_RESPONSE, le=(response.sw & 0xFF) or 256)
        response = await _send_with_right_le(send, more)
        if response.sw >> 8 == 0x61 and not response.data:
            raise ProtocolError("the card promises more and gives nothing", sw=response.sw)
        data += response.data
    raise ProtocolError("the answer does not end", sw=response.sw)
