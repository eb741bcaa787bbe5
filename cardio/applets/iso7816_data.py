"""How a card of an ISO 7816-4 profile is read: its files, its data objects, its serial number.

ISO 7816-4:2013: SELECT (11.1.1), READ BINARY (11.2.3), GET DATA (11.4.3). Reading spends no try and
changes nothing but the current file.
"""

from __future__ import annotations

from cardio.apdu import Command, Response
from cardio.errors import CardError, ProtocolError
from cardio.reader import Channel
from cardio.source import NO_ANSWER, Source, Written
from cardio.tlv import Tlv, first

_PATH, _PATH_WITHIN = 0x08, 0x09  # P1 of SELECT: a path from the master file, or from the current DF
_END_OF_FILE = 0x6282
_CHUNK = 256
_MAX_READ = 4096  # what holds a serial number is shorter, whatever the card says
_MAX_READS = 64  # and no honest card gives it byte by byte
_MAX_SERIAL = 64


async def read(channel: Channel, source: Source) -> bytes:
    """Read the value, at least one byte of it.

    Raises CardError with the status word of a card that has none, ProtocolError for one that is no TLV.
    """
    if source.file:
        await _select(channel, source)
    data = await (_read_file if source.file or source.short_ef else _get_data)(channel, source)
    for tag in source.tlv:
        found = first(data, tag)
        if found is None:
            raise ProtocolError(f"there is no {tag:X} where the profile has it")
        data = found
    end = source.offset + source.length if source.length else len(data)
    value = data[source.offset : end]
    if not value or len(value) < source.length:
        raise ProtocolError("what was read is shorter than the profile has it")
    return value


def serial(value: bytes, written: Written) -> str | None:
    """The serial number in these bytes: upper-case letters and digits. None for what names no card.

    Filler (spaces, 00 and FF around letters, F after digits) is no part of it; all zeros, all ones and
    whatever is not written as it should be is no number.
    """
    if not value.strip(b"\0") or not value.strip(b"\xff"):
        return None
    if written == "ascii":
        text = value.strip(b" \0\xff").decode("latin-1")
        return text if is_serial(text, written) else None
    text = value.hex().upper()
    text = text.rstrip("F") if written == "bcd" else text
    return text if is_serial(text, written) else None


def is_serial(text: str, written: Written) -> bool:
    """Whether a serial number can look like that."""
    if not 0 < len(text) <= _MAX_SERIAL or not text.isascii() or not text.strip("0"):
        return False
    if written == "hex":
        return len(text) % 2 == 0 and not set(text) - set("0123456789ABCDEF")
    return text.isdigit() if written == "bcd" else text.isalnum() and text == text.upper()


async def _select(channel: Channel, source: Source) -> None:
    le = None if source.select_p2 == NO_ANSWER else 256
    *folders, last = source.file
    steps: list[tuple[int, bytes]] = [*((0x00, folder) for folder in folders), (source.select_p1, last)]
    if source.select_p1 == _PATH and source.absolute:  # which the path then does not name
        steps = [(_PATH, b"".join(source.file[1:]))]
    elif source.select_p1 == _PATH:
        steps = [(_PATH_WITHIN, b"".join(source.file))]
    for p1, data in steps:
        _needed(await channel.transmit(Command(0x00, 0xA4, p1, source.select_p2, data, le)))


async def _get_data(channel: Channel, source: Source) -> bytes:
    if source.header_list:
        listed = Tlv(0x4D, source.header_list).encode()
    elif source.get_data == 0xCB:
        listed = Tlv(0x5C, source.data_object).encode()
    else:
        p1, p2 = source.data_object.rjust(2, b"\0")
        return _needed(await channel.transmit(Command(source.cla, 0xCA, p1, p2, le=256))).data
    return _needed(await channel.transmit(Command(source.cla, 0xCB, 0x3F, 0xFF, listed, 256))).data


async def _read_file(channel: Channel, source: Source) -> bytes:
    """The file from its start, no more of it than is needed: one command where that is not known."""
    wanted = source.offset + source.length if source.length and not source.tlv else 0
    data = b""
    for _ in range(_MAX_READS):
        p1, p2 = len(data).to_bytes(2, "big")
        if source.short_ef is not None and not data:
            p1 = 0x80 | source.short_ef
        le = min(wanted - len(data), _CHUNK) if wanted else _CHUNK
        response = await channel.transmit(Command(0x00, 0xB0, p1, p2, le=le))
        if not response.ok and response.sw != _END_OF_FILE:
            return data or _needed(response).data
        data += response.data
        enough = len(data) >= wanted if wanted else _holds(data, source.tlv)
        if enough or not response.ok or not response.data or len(data) > _MAX_READ:
            break
    return data


def _needed(response: Response) -> Response:
    if not response.ok:
        raise CardError(sw=response.sw)
    return response


def _holds(data: bytes, path: tuple[int, ...]) -> bool:
    """Whether the outermost object of a path is there as a whole; what follows it does not matter."""
    try:
        return not path or first(data, path[0]) is not None
    except ProtocolError:
        return False
