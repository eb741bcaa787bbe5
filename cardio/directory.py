"""Which applications a card holds: by asking for those that are well known, and by its own list, EF.DIR.

Nothing here is secret or costs a try: names are selected, a file that everybody may read is read.
"""

from __future__ import annotations

from dataclasses import dataclass

from cardio.apdu import SW, Command, Response
from cardio.applications import APPLICATIONS, Application
from cardio.errors import ProtocolError
from cardio.names import Ins
from cardio.reader import Channel
from cardio.tlv import find, parse

NOBODYS_AID = bytes.fromhex("F04E4F424F4459")
"""A proprietary name (ISO 7816-4:2013, 12.2.3.4) of no application: who answers to it answers to all."""

_MF, _EF_DIR = b"\x3f\x00", b"\x2f\x00"
_BY_NAME, _NO_ANSWER_DATA = 0x04, 0x0C
_TEMPLATE, _AID, _LABEL = 0x61, 0x4F, 0x50
_MAX_LENGTH, _MAX_RECORDS = 0x1000, 16
_NO_BINARY = (0x6981, SW.COMMAND_NOT_ALLOWED)  # EF.DIR has records instead


@dataclass(frozen=True)
class Entry:
    """One application as EF.DIR names it (ISO 7816-4:2013, 12.2.3): its AID, and a label in its own words."""

    aid: bytes
    label: str


async def well_known(channel: Channel) -> list[Application] | None:
    """The well-known applications that answer to their name; None where the card answers to every name."""
    if await _selects(channel, NOBODYS_AID):
        return None
    return [known for known in APPLICATIONS if await _selects(channel, known.aid)]


async def listed(channel: Channel) -> list[Entry] | None:
    """What EF.DIR lists up to where it is not well-formed, None where there is none to read."""
    for file in (_MF, _EF_DIR):
        if not await _selects_file(channel, file):
            return None
    content = await _binary(channel)
    if content is None:
        content = await _records(channel)
    return None if content is None else _entries(content)


async def _selects(channel: Channel, aid: bytes) -> bool:
    """With Le, and without where the card wants none."""
    try:
        response = await channel.transmit(Command(0x00, Ins.SELECT, _BY_NAME, 0x00, aid, 256))
        if response.sw == SW.WRONG_LENGTH:
            response = await channel.transmit(Command(0x00, Ins.SELECT, _BY_NAME, 0x00, aid))
    except ProtocolError:
        return False
    return response.ok


async def _selects_file(channel: Channel, file: bytes) -> bool:
    response = await channel.transmit(Command(0x00, Ins.SELECT, 0x00, _NO_ANSWER_DATA, file))
    if not response.ok:
        response = await channel.transmit(Command(0x00, Ins.SELECT, 0x00, 0x00, file, 256))
    return response.ok


async def _binary(channel: Channel) -> bytes | None:
    """The file's content, None where it is one of records."""
    content = b""
    while len(content) < _MAX_LENGTH:
        response = await channel.transmit(Command(0x00, Ins.READ_BINARY, *divmod(len(content), 256), le=256))
        if not content and response.sw in _NO_BINARY:
            return None
        content += response.data if _is_data(response) else b""
        if not response.ok or len(response.data) < 256:
            break
    return content


async def _records(channel: Channel) -> bytes | None:
    content = b""
    for number in range(1, _MAX_RECORDS + 1):
        response = await channel.transmit(Command(0x00, Ins.READ_RECORD, number, 0x04, le=256))
        if not _is_data(response):
            break
        content += response.data
    return content


def _is_data(response: Response) -> bool:
    return response.ok or response.sw == 0x6282  # the end came before Le


def _entries(content: bytes) -> list[Entry]:
    entries: list[Entry] = []
    try:
        for item in parse(content):
            aid = find(item.value, _AID) if item.tag == _TEMPLATE else item.value
            label = find(item.value, _LABEL) if item.tag == _TEMPLATE else None
            if aid and item.tag in (_TEMPLATE, _AID):
                entries.append(Entry(aid, (label or b"").decode("utf-8", "replace")))
    except ProtocolError:
        return entries
    return entries
