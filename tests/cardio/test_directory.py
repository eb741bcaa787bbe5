"""Which applications a card holds, as far as it can be asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardio.apdu import Command, Response
from cardio.applications import APPLICATIONS, application
from cardio.directory import Entry, listed, well_known
from cardio.tlv import Tlv
from cardio.virtual.openpgp import OpenPgpCard
from cardio.virtual.piv import PivCard
from cardio.virtual.piv_quirks import Quirks
from cardio.virtual.reader import VirtualReader
from cardio.virtual.unknown import UnknownCard
from tests.cardio.cards import ScriptedChannel
from tests.cardio.composite import CompositeCard

PIV_ENTRY = Tlv.of(0x61, [Tlv(0x4F, bytes.fromhex("A000000308")), Tlv(0x50, b"PIV")]).encode()
OWN_ENTRY = Tlv.of(0x61, [Tlv(0x4F, bytes.fromhex("F04B494F534B"))]).encode()
ENTRIES = [Entry(bytes.fromhex("A000000308"), "PIV"), Entry(bytes.fromhex("F04B494F534B"), "")]


class Files(ScriptedChannel):
    """A card with an EF.DIR: one of bytes, or of records."""

    def __init__(self, content: bytes = b"", records: tuple[bytes, ...] = (), *, fci: bool = False) -> None:
        super().__init__({})
        self._content, self._records, self._fci = content, records, fci

    async def transmit(self, command: Command) -> Response:
        self.sent.append(command)
        match command.ins:
            case 0xA4:
                return Response(b"", 0x9000 if (command.p2 == 0x0C) != self._fci else 0x6A86)
            case 0xB0 if not self._records:
                start = command.p1 << 8 | command.p2
                return Response(self._content[start : start + 256], 0x9000)
            case 0xB2 if command.p1 <= len(self._records):
                return Response(self._records[command.p1 - 1], 0x9000)
        return Response(b"", 0x6981 if command.ins == 0xB0 else 0x6A83)


@pytest.mark.parametrize("fci", [False, True])
async def test_ef_dir_of_bytes(fci: bool) -> None:
    assert await listed(Files(PIV_ENTRY + OWN_ENTRY + b"\xff" * 40, fci=fci)) == ENTRIES


async def test_ef_dir_of_records() -> None:
    assert await listed(Files(records=(PIV_ENTRY, OWN_ENTRY))) == ENTRIES


async def test_a_long_ef_dir_is_read_on() -> None:
    entries = [Entry(b"\xf0" + number.to_bytes(15, "big"), "x" * 30) for number in range(20)]
    content = b"".join(
        Tlv.of(0x61, [Tlv(0x4F, entry.aid), Tlv(0x50, entry.label.encode())]).encode() for entry in entries
    )
    assert await listed(Files(content)) == entries


async def test_an_ef_dir_without_end_is_left() -> None:
    class Endless(Files):
        async def transmit(self, command: Command) -> Response:
            self.sent.append(command)
            return Response(PIV_ENTRY * 20, 0x9000)

    channel = Endless()
    found = await listed(channel)
    assert found
    assert len(channel.sent) < 30


async def test_no_ef_dir() -> None:
    assert await listed(ScriptedChannel({0xA4: [0x6A82] * 4})) is None
    assert await listed(ScriptedChannel({0xA4: [0x9000, 0x6A82, 0x6A82]})) is None
    assert await listed(ScriptedChannel({0xA4: [0x9000, 0x9000], 0xB0: [0x6982]})) == []


@given(st.binary(max_size=300))
async def test_whatever_ef_dir_holds(content: bytes) -> None:
    found = await listed(Files(content))
    assert found is not None
    assert all(entry.aid in content for entry in found)


async def applications_on(card: PivCard | CompositeCard | UnknownCard) -> list[str] | None:
    reader = VirtualReader()
    reader.insert(card)
    async with reader.session(1) as channel:
        found = await well_known(channel)
    return None if found is None else [one.name for one in found]


async def test_well_known_applications() -> None:
    assert await applications_on(PivCard()) == ["PIV"]
    assert await applications_on(PivCard(quirks=Quirks(select_refuses_le=True, only_short_aid=True))) == [
        "PIV"
    ]
    assert await applications_on(CompositeCard(OpenPgpCard(), PivCard())) == ["PIV", "OpenPGP"]
    assert await applications_on(UnknownCard()) == []


async def test_a_card_that_says_yes_to_every_name_is_not_believed() -> None:
    assert await well_known(ScriptedChannel({0xA4: [0x9000] * 99})) is None


def test_an_application_is_known_by_its_whole_name_or_the_part_that_all_share() -> None:
    assert [one.name for one in APPLICATIONS if application(one.aid) is not one] == []
    for aid, name in (("A000000308000010000100", "PIV"), ("D2760001240103040006", "OpenPGP")):
        found = application(bytes.fromhex(aid))
        assert found is not None
        assert found.name == name
    assert application(bytes.fromhex("A0000003")) is None
    assert application(bytes.fromhex("F000000001")) is None
