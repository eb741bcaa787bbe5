"""The audit chain: no fork, no gap, nothing but appends, and a cut tail that shows."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from kiosk.audit import Event, Subject
from kiosk.chain import Head
from kiosk.storage.database import StoreUnavailable
from kiosk.verification import Fault, Flaw, Verified
from tests.kiosk.tampering import tamper
from tests.stories.plots import changing_passcode
from tests.stories.world import World, new_world

AT_ONCE = 36  # no more than there are connections for: others would be told that the store is busy
COLUMNS = "at, kiosk, visit, event, outcome, reason, holder_key, card_key, actor, detail, selftest, mac"


async def verified(world: World, expected: Head | None = None) -> Verified:
    """What ``kiosk audit verify`` finds."""
    return await world.parts.trail.verify(expected, lambda _: None)


@pytest.fixture
async def five(world: World) -> World:
    """A store with five events."""
    for _ in range(5):
        world.hands.forward(seconds=1.25)
        await world.service.store.record(Event.KIOSK_STARTED, Subject(visit="ABC-123"))
    return world


async def test_whole_journeys_make_a_whole_chain(registered: World) -> None:
    await registered.visit(registered.ann, changing_passcode())
    events = await registered.events()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.previous for event in events[1:]] == [event.mac for event in events[:-1]]
    store, head = await registered.parts.trail.ends()
    assert events[0].previous == store
    assert await verified(registered, head) == Verified(len(events), Head(0, store), head)


async def test_an_empty_chain_is_whole(world: World) -> None:
    store, head = await world.parts.trail.ends()
    assert head == Head(0, store)
    assert await verified(world) == Verified(0, head, head)


async def test_every_store_has_a_chain_of_its_own(five: World) -> None:
    store, _ = await five.parts.trail.ends()
    tamper(five.backend, ("UPDATE audit_store SET store = :other", {"other": "f" * len(store)}))
    assert (await verified(five)).fault == Fault(1, Flaw.ALTERED)


async def test_what_was_rolled_back_leaves_no_gap(five: World) -> None:
    store = five.service.store

    async def in_vain() -> None:
        async with store.work() as session:
            store.audit.record(session, Event.KIOSK_STARTED, Subject())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await in_vain()
    await store.record(Event.KIOSK_STOPPED, Subject())
    assert [event.seq for event in await five.events()] == [1, 2, 3, 4, 5, 6]
    assert (await verified(five)).fault is None


async def test_events_of_a_unit_stay_together_and_in_order(world: World) -> None:
    store = world.service.store

    async def unit(number: int) -> None:
        async with store.work() as session:
            for step in range(3):
                store.audit.record(session, Event.KIOSK_STARTED, Subject(visit=str(number)), step=step)

    await asyncio.gather(*map(unit, range(20)))
    events = await world.events()
    assert [event.detail for event in events] == [f'{{"step": {step}}}' for step in range(3)] * 20
    assert all(len({event.visit for event in events[at : at + 3]}) == 1 for at in range(0, 60, 3))


@pytest.fixture
async def kiosks(world: World) -> AsyncIterator[list[World]]:
    """Two kiosks on one store."""
    async with new_world(world.settings.state_directory, beside=world) as second:
        yield [world, second]


async def test_two_kiosks_at_once_fork_nothing(kiosks: list[World]) -> None:
    await asyncio.gather(
        *(
            kiosks[number % 2].service.store.record(Event.KIOSK_STARTED, Subject())
            for number in range(AT_ONCE)
        )
    )
    found = await verified(kiosks[0])
    assert (found.count, found.head.seq, found.fault) == (AT_ONCE, AT_ONCE, None)


async def test_several_processes_at_once_fork_nothing(world: World) -> None:
    where = (str(world.settings.state_directory), world.settings.database.url)
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.kiosk.appending", *where, f"Kiosk {number}", "25"
        )
        for number in range(4)
    ]
    assert [await process.wait() for process in processes] == [0, 0, 0, 0]
    found = await verified(world)
    assert (found.count, found.head.seq, found.fault) == (100, 100, None)
    assert len({event.kiosk for event in await world.events()}) == 4


# -- the database takes appends only ---------------------------------------------------------------

REFUSED = {
    "changed": "UPDATE audit_event SET reason = 'x' WHERE seq = 2",
    "deleted": "DELETE FROM audit_event WHERE seq = 5",
    "all-deleted": "DELETE FROM audit_event",
    "out-of-place": f"INSERT INTO audit_event (seq, previous, {COLUMNS}) "  # noqa: S608 - no value from outside
    f"SELECT 9, 'x', {COLUMNS} FROM audit_event WHERE seq = 5",
    "in-a-fork": f"INSERT INTO audit_event (seq, previous, {COLUMNS}) "  # noqa: S608 - likewise
    f"SELECT 6, mac, {COLUMNS} FROM audit_event WHERE seq = 4",
}


@pytest.mark.parametrize("sql", REFUSED.values(), ids=REFUSED)
async def test_whatever_is_no_append_is_refused(five: World, sql: str) -> None:
    with pytest.raises(StoreUnavailable):
        async with five.office.service.store.work() as session:
            await (await session.connection()).execute(text(sql))
    assert (await verified(five)).count == 5


async def test_neither_replacing_nor_truncating_is_a_way_around(five: World) -> None:
    replacing = f"INSERT OR REPLACE INTO audit_event (seq, previous, {COLUMNS}) SELECT seq, previous, {COLUMNS} FROM audit_event WHERE seq = 2"  # noqa: E501, S608
    sql = replacing if five.backend.one_at_a_time else "TRUNCATE audit_event"
    with pytest.raises(StoreUnavailable):
        async with five.office.service.store.work() as session:
            await (await session.connection()).execute(text(sql))
    assert (await verified(five)).count == 5


# -- heads from outside ----------------------------------------------------------------------------


async def test_a_head_from_before_is_found_again(five: World) -> None:
    _, head = await five.parts.trail.ends()
    await five.service.store.record(Event.KIOSK_STOPPED, Subject())
    assert (await verified(five, head)).fault is None


async def test_a_cut_tail_shows_with_a_head_from_outside(five: World) -> None:
    _, head = await five.parts.trail.ends()
    tamper(five.backend, ("DELETE FROM audit_event WHERE seq > 3", {}))
    assert (await verified(five)).fault is None, "the chain alone cannot tell"
    assert (await verified(five, head)).fault == Fault(4, Flaw.CUT)


async def test_a_tail_that_was_written_anew_shows_with_a_head_from_outside(five: World) -> None:
    _, head = await five.parts.trail.ends()
    tamper(five.backend, ("DELETE FROM audit_event WHERE seq > 3", {}))
    for _ in range(3):
        await five.service.store.record(Event.KIOSK_STOPPED, Subject())
    assert (await verified(five)).fault is None
    assert (await verified(five, head)).fault == Fault(5, Flaw.OTHER_HEAD)


async def test_the_head_of_another_store_is_not_ours(five: World) -> None:
    store, _ = await five.parts.trail.ends()
    other = replace(Head(0, store), mac="0" * 64)
    assert (await verified(five, other)).fault == Fault(0, Flaw.OTHER_HEAD)


@pytest.mark.parametrize("typed", ["", "5", "5:xyz", "5:" + "0" * 63, "-5:" + "0" * 64, "5 :" + "0" * 64])
def test_what_is_no_head(typed: str) -> None:
    with pytest.raises(ValueError, match="is not a head"):
        Head.parse(typed)


def test_a_head_reads_as_it_is_written() -> None:
    head = Head(5, "0af3" * 16)
    assert Head.parse(f" {str(head).upper()}\n") == head
