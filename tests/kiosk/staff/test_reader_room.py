"""Reader and card: what is counted, what is traced, and that nobody listens afterwards."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from cardio.reader import State
from cardio.tracing import MASKED, TraceLine
from cardio.virtual.piv import PivCard
from kiosk.staff.account import Role, StaffProblem
from tests.kiosk.staff.conftest import PASSCODE, Staffed, by_card
from tests.screens.hall import wait_until


async def test_what_goes_in_and_comes_out_is_counted(staffed: Staffed) -> None:
    session, hands = await staffed.session(Role.TECHNICIAN), staffed.world.reader
    slots = session.reader.slot()
    first = await anext(slots)
    assert (first.reader, first.readers, first.state) == (hands.name, (hands.name,), State.EMPTY)
    hands.insert(PivCard(pin="502917"))
    there = await anext(slots)
    assert (there.state, there.inserted, there.removed) == (State.CARD, 1, 0)
    assert there.atr is not None
    assert there.atr.protocols
    hands.remove()
    hands.insert(PivCard(pin="502917"))
    hands.remove()
    gone = await anext(slots)
    assert (gone.state, gone.inserted, gone.removed, gone.atr) == (State.EMPTY, 2, 2, None)


async def test_without_a_card_service(staffed: Staffed) -> None:
    session = await staffed.session(Role.TECHNICIAN)
    staffed.world.reader.stop_service()
    slot = await anext(session.reader.slot())
    assert (slot.reader, slot.readers, slot.state) == ("", (), State.NO_SERVICE)


async def test_a_card_is_looked_at_and_every_command_traced(staffed: Staffed) -> None:
    session = await staffed.session(Role.TECHNICIAN)
    lines: list[TraceLine] = []

    async def follow() -> None:
        async for line in session.reader.trace():
            lines.append(line)

    following = asyncio.create_task(follow())
    await wait_until(lambda: staffed.world.reader.tap is not None)
    card = PivCard(pin="502917")
    staffed.world.reader.insert(card)
    told = dict(await session.reader.inspect())
    assert card.guid.hex().upper() in told["Card"]
    assert told["Passcode"] == "3 tries left"
    assert any(line.command.startswith("SELECT") for line in lines)
    staffed.world.reader.remove()
    staffed.world.reader.insert(staffed.cards[Role.TECHNICIAN])
    await by_card(staffed, PASSCODE)
    verified = [line for line in lines if line.command.startswith("VERIFY") and line.data]
    assert {line.data for line in verified} == {MASKED}
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following
    assert staffed.world.reader.tap is None, "the screen was closed"


async def test_whoever_leaves_listens_no_more(staffed: Staffed) -> None:
    session = await staffed.session(Role.TECHNICIAN)
    trace = session.reader.trace()

    async def first() -> TraceLine:
        return await anext(trace)

    waiting = asyncio.create_task(first())
    await wait_until(lambda: staffed.world.reader.tap is not None)
    await session.close()
    taps = [staffed.world.reader.tap]
    assert taps == [None]
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting


async def test_without_a_card_there_is_nothing_to_look_at(staffed: Staffed) -> None:
    session = await staffed.session(Role.TECHNICIAN)
    with pytest.raises(StaffProblem, match="put a card"):
        await session.reader.inspect()
