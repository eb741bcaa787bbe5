"""The virtual reader's own hooks, beyond what every reader promises."""

from __future__ import annotations

import asyncio

import pytest

from cardio.apdu import Command
from cardio.errors import CardRemoved, ReaderBroken, ReaderGone
from cardio.reader import Presence, State
from cardio.virtual.faults import Faults, Strike
from cardio.virtual.piv import PivCard
from cardio.virtual.reader import VirtualReader

SELECT = Command(0x00, 0xA4, 0x04, 0x00, bytes.fromhex("A000000308"), le=256)


def test_only_one_card_fits() -> None:
    reader = VirtualReader()
    reader.insert(PivCard())
    with pytest.raises(ValueError, match="there is a card"):
        reader.insert(PivCard())


def test_removing_nothing_changes_nothing() -> None:
    reader = VirtualReader()
    reader.remove()
    assert reader.presence == Presence(State.EMPTY)


async def test_unplugging_takes_the_card_from_the_session() -> None:
    reader = VirtualReader()
    reader.insert(PivCard())
    async with reader.session(1) as channel:
        reader.unplug()
        assert reader.presence == Presence(State.NO_READER, 1)
        with pytest.raises(ReaderGone):
            await channel.transmit(SELECT)
    reader.plug()
    assert (reader.presence.state, reader.presence.insertion) == (State.CARD, 2)


async def test_a_broken_reader_stays_broken() -> None:
    reader = VirtualReader()
    reader.insert(PivCard())
    async with reader.session(1) as channel:
        reader.break_down()
        with pytest.raises(ReaderBroken):
            await channel.transmit(SELECT)
    reader.remove()
    assert reader.presence.state is State.BROKEN
    with pytest.raises(ReaderBroken):
        async with reader.session(1):
            pass


async def test_a_card_removed_while_it_works_loses_its_answer() -> None:
    reader, card = VirtualReader(), PivCard()
    reader.insert(card)
    async with reader.session(1) as channel:
        reader.faults.delay = 0.05
        under_way = asyncio.create_task(channel.transmit(SELECT))
        await asyncio.wait([under_way], timeout=0.01)
        reader.remove()
        with pytest.raises(CardRemoved):
            await under_way
    assert reader.faults.trace[-1].sw is None


def test_faults_count_by_instruction() -> None:
    faults = Faults()
    faults.pull_before(2, ins=0x20)
    faults.lose_reply(4)
    apdus = [bytes.fromhex(apdu) for apdu in ("00200080", "00F70081", "00200080", "002C0080", "00200080")]
    strikes = [faults.next_strike(apdu) for apdu in apdus]
    assert strikes == [Strike.NONE, Strike.NONE, Strike.PULL, Strike.LOSE_REPLY, Strike.NONE]


async def test_the_trace_counts_and_never_shows_data() -> None:
    reader = VirtualReader()
    reader.insert(PivCard())
    async with reader.session(1) as channel:
        await channel.transmit(SELECT)
        await channel.transmit(Command(0x00, 0x20, 0x00, 0x80, b"123456\xff\xff"))
    assert [str(exchange) for exchange in reader.faults.trace] == [
        "00 A4 04 00 [5 bytes] -> 9000",
        "00 20 00 80 [8 bytes] -> 9000",
    ]
    assert reader.faults.count([0x20, 0x2C]) == 1
    assert "31323334" not in repr(reader.faults)
    assert "123456" not in repr(reader.faults)
