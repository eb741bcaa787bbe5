"""Help for the tests of OpenPGP cards: open a virtual one, or script one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretBytes, SecretStr

from cardio.apdu import SW, Response
from cardio.applets.openpgp import OpenPgpFamily
from cardio.card import Card, identify
from cardio.tlv import Tlv
from cardio.virtual.openpgp import OpenPgpCard
from cardio.virtual.reader import VirtualReader
from tests.cardio.cards import ScriptedChannel

SELECT, VERIFY, CHANGE, RESET, GET, PUT = 0xA4, 0x20, 0x24, 0x2C, 0xCA, 0xDA
PIN, NEW, WRONG = SecretStr("123456"), SecretStr("80642975"), SecretStr("999999")
CODE, ADMIN, WRONG_CODE = SecretBytes(b"31415926"), SecretBytes(b"12345678"), SecretBytes(b"27182818")
AID = bytes.fromhex("D2760001240103040006123456780000")
KDF = bytes.fromhex("8101038201088304000004008408A1A2A3A4A5A6A7A88508B1B2B3B4B5B6B7B88608C1C2C3C4C5C6C7C8")
BY_ADMIN = OpenPgpFamily("admin-pin")


@asynccontextmanager
async def opened(
    card: OpenPgpCard, family: OpenPgpFamily | None = None, reader: VirtualReader | None = None
) -> AsyncIterator[Card]:
    """Put a card into a virtual reader and identify it as OpenPGP."""
    reader = reader or VirtualReader()
    reader.insert(card)
    async with reader.session(reader.presence.insertion) as channel:
        yield await identify(channel, [family or OpenPgpFamily()])


def related(status: str = "00202020030303", *, aid: bytes = AID, abilities: str = "7C") -> Response:
    """Application related data with these PW status bytes (none where empty) and abilities."""
    objects = [Tlv(0xC0, bytes.fromhex(abilities) + bytes(9))]
    objects += [Tlv(0xC4, bytes.fromhex(status))] if status else []
    return Response(Tlv.of(0x6E, [Tlv(0x4F, aid), Tlv.of(0x73, objects)]).encode(), SW.OK)


async def scripted(
    answers: dict[int, list[int | Response]],
    *,
    family: OpenPgpFamily | None = None,
    status: str = "00202020030303",
) -> tuple[ScriptedChannel, Card]:
    """A card that answers so after it was identified."""
    got = [related(status), *([] if status else [SW.REFERENCED_DATA_NOT_FOUND]), *answers.get(GET, [])]
    channel = ScriptedChannel({**answers, SELECT: [SW.OK], GET: got})
    card = await (family or OpenPgpFamily()).open(channel)
    assert card is not None
    channel.sent.clear()
    return channel, card


def hexes(channel: ScriptedChannel) -> list[str]:
    return [command.encode().hex().upper() for command in channel.sent]
