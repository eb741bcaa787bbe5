"""What every reader promises (cardio.reader), tried on the virtual one and on a real PC/SC service."""

from __future__ import annotations

import asyncio

import pytest

from cardio.apdu import SW, Command
from cardio.errors import CardRemoved, ReaderGone
from cardio.reader import Channel, Presence, State
from cardio.tlv import Tlv
from cardio.virtual.piv import PivCard
from cardio.virtual.piv_keys import Algorithm
from cardio.virtual.unknown import MuteCard, UnknownCard
from tests.contracts.benches import PATIENCE, Bench

SELECT = Command(0x00, 0xA4, 0x04, 0x00, bytes.fromhex("A000000308"), le=256)
STATUS = Command(0x00, 0x20, 0x00, 0x80)
VERIFY = Command(0x00, 0x20, 0x00, 0x80, b"123456\xff\xff")
UNBLOCK = Command(0x00, 0x2C, 0x00, 0x80, b"12345678" + b"654321\xff\xff")


async def select(channel: Channel) -> None:
    assert (await channel.transmit(SELECT)).ok


async def test_it_starts_empty(bench: Bench) -> None:
    assert bench.reader.presence == Presence(State.EMPTY)
    assert bench.reader.name
    assert bench.reader.virtual


async def test_it_is_among_what_is_plugged_in(bench: Bench) -> None:
    assert bench.reader.name in await bench.reader.plugged_in()
    bench.stop_service()
    await bench.see(State.NO_SERVICE)
    with pytest.raises(ReaderGone):
        await bench.reader.plugged_in()


async def test_a_card_comes_and_goes(bench: Bench) -> None:
    first, second = PivCard(), UnknownCard()
    assert await bench.insert(first) == 1
    assert bench.reader.presence == Presence(State.CARD, 1, first.atr)
    await bench.remove()
    assert bench.reader.presence == Presence(State.EMPTY, 1)
    assert await bench.insert(second) == 2
    assert bench.reader.presence == Presence(State.CARD, 2, second.atr)


async def test_changed_returns_at_once_if_it_has(bench: Bench) -> None:
    old = bench.reader.presence
    await bench.insert(PivCard())
    async with asyncio.timeout(0.1):
        assert await bench.reader.changed(old) == bench.reader.presence


async def test_everybody_who_waits_is_told(bench: Bench) -> None:
    old = bench.reader.presence
    waiting = [asyncio.create_task(bench.reader.changed(old)) for _ in range(3)]
    await bench.insert(PivCard())
    assert {presence.state for presence in await asyncio.gather(*waiting)} == {State.CARD}


async def test_a_card_that_does_not_answer_to_reset_is_mute(bench: Bench) -> None:
    insertion = await bench.insert(MuteCard())
    assert bench.reader.presence.state is State.MUTE
    with pytest.raises(CardRemoved):
        async with bench.reader.session(insertion):
            pass


async def test_a_session_carries_commands_and_knows_the_atr(bench: Bench) -> None:
    card = PivCard()
    async with bench.reader.session(await bench.insert(card)) as channel:
        await select(channel)
        assert (await channel.transmit(STATUS)).sw == 0x63C3
        assert channel.atr == card.atr


async def test_long_data_and_long_answers_go_through(bench: Bench) -> None:
    card = PivCard(card_key=Algorithm.RSA_2048)
    block = b"\x00\x01" + b"\xff" * 200 + bytes(54)
    ask = Tlv.of(0x7C, [Tlv(0x82, b""), Tlv(0x81, block)]).encode()
    async with bench.reader.session(await bench.insert(card)) as channel:
        await select(channel)
        response = await channel.transmit(Command(0x00, 0x87, 0x07, 0x9E, ask, le=256))
    assert (response.sw, len(response.data)) == (SW.OK, 264)


async def test_the_card_is_reset_when_a_session_ends(bench: Bench) -> None:
    card = PivCard()
    insertion = await bench.insert(card)
    async with bench.reader.session(insertion) as channel:
        await select(channel)
        assert (await channel.transmit(VERIFY)).ok
        assert card.state().verified
    async with bench.reader.session(insertion) as channel:
        await select(channel)
        assert (await channel.transmit(STATUS)).sw == 0x63C3
    assert bench.reader.presence.insertion == insertion


async def test_the_card_is_reset_when_a_session_fails(bench: Bench) -> None:
    card = PivCard()
    insertion = await bench.insert(card)

    async def fail() -> None:
        async with bench.reader.session(insertion) as channel:
            await select(channel)
            await channel.transmit(VERIFY)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert not card.state().verified


async def test_sessions_of_one_reader_follow_each_other(bench: Bench) -> None:
    insertion = await bench.insert(PivCard())
    open_now, most = 0, 0

    async def visit() -> None:
        nonlocal open_now, most
        async with bench.reader.session(insertion) as channel:
            open_now += 1
            most = max(most, open_now)
            await select(channel)
            open_now -= 1

    await asyncio.gather(*(visit() for _ in range(4)))
    assert most == 1


async def test_no_session_with_a_card_that_has_left(bench: Bench) -> None:
    insertion = await bench.insert(PivCard())
    await bench.remove()
    with pytest.raises(CardRemoved):
        async with bench.reader.session(insertion):
            pass
    await bench.insert(PivCard())
    with pytest.raises(CardRemoved):
        async with bench.reader.session(insertion):
            pass


async def test_nothing_of_an_old_session_reaches_the_next_card(bench: Bench) -> None:
    first, second = PivCard(), PivCard()
    async with bench.reader.session(await bench.insert(first)) as channel:
        await select(channel)
        await bench.remove()
        with pytest.raises(CardRemoved):
            await channel.transmit(STATUS)
        await bench.insert(second)
        before = len(bench.faults.trace)
        with pytest.raises(CardRemoved):
            await channel.transmit(VERIFY)
    assert len(bench.faults.trace) == before
    assert second.state().pin_tries_left == 3


async def test_a_card_pulled_before_a_command(bench: Bench) -> None:
    card = PivCard(pin_tries_left=0)
    bench.faults.pull_before(2)
    async with bench.reader.session(await bench.insert(card)) as channel:
        await select(channel)
        with pytest.raises(CardRemoved):
            await channel.transmit(UNBLOCK)
    assert card.state().locked
    assert (await bench.see(State.EMPTY)).insertion == 1


async def test_a_card_pulled_before_its_answer(bench: Bench) -> None:
    card = PivCard(pin_tries_left=0)
    bench.faults.lose_reply(ins=0x2C)
    async with bench.reader.session(await bench.insert(card)) as channel:
        await select(channel)
        with pytest.raises(CardRemoved):
            await channel.transmit(UNBLOCK)
    assert not card.state().locked
    assert str(bench.faults.trace[-1]) == "00 2C 00 80 [16 bytes] -> lost"


async def test_a_cancelled_command_runs_to_its_end(bench: Bench) -> None:
    card = PivCard(pin_tries_left=0)
    insertion = await bench.insert(card)
    ended = False

    async def unblock() -> None:
        nonlocal ended
        async with bench.reader.session(insertion) as channel:
            await select(channel)
            bench.faults.delay = 0.3
            try:
                await channel.transmit(UNBLOCK)
            finally:
                ended = len(bench.faults.trace) == 2

    task = asyncio.create_task(unblock())
    async with asyncio.timeout(PATIENCE):
        while card.state().locked:  # noqa: ASYNC110  (the card is no part of asyncio)
            await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended
    bench.faults.delay = 0
    async with bench.reader.session(insertion) as channel:
        await select(channel)
        assert (await channel.transmit(STATUS)).sw == 0x63C3


async def test_the_service_stops_and_comes_back(bench: Bench) -> None:
    card = PivCard()
    insertion = await bench.insert(card)
    bench.stop_service()
    await bench.see(State.NO_SERVICE)
    assert bench.reader.name == ""
    with pytest.raises(ReaderGone):
        async with bench.reader.session(insertion):
            pass
    bench.start_service()
    async with asyncio.timeout(5):
        presence = await bench.see(State.CARD)
    assert presence.insertion > insertion
    async with bench.reader.session(presence.insertion) as channel:
        await select(channel)


async def test_the_service_stops_within_a_session(bench: Bench) -> None:
    insertion = await bench.insert(PivCard())
    async with bench.reader.session(insertion) as channel:
        await select(channel)
        bench.stop_service()
        with pytest.raises(ReaderGone):
            await channel.transmit(STATUS)
        await bench.see(State.NO_SERVICE)
        with pytest.raises(ReaderGone):
            await channel.transmit(STATUS)
    bench.start_service()
    presence = await bench.see(State.CARD)
    async with bench.reader.session(presence.insertion) as channel:
        await select(channel)


async def test_it_can_be_closed_twice(bench: Bench) -> None:
    await bench.insert(PivCard())
    await bench.remove()
    await bench.reader.aclose()
    await bench.reader.aclose()
