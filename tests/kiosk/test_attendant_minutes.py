"""What the attendant looks after while nobody is there: the clock, and what can be erased."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk import attendant, erasure
from kiosk.audit import Event, Subject
from kiosk.dialogue import Gone
from kiosk.refusals import OutOfService
from kiosk.steps import Attract, Closed
from kiosk.storage.models import CodeMailRow, PendingRow
from kiosk.storage.trail import AuditRow
from tests.kiosk.conftest import Front
from tests.stories.plots import registration
from tests.stories.script import see
from tests.stories.world import World, new_world


async def draft(world: World) -> None:
    """Somebody registers, and leaves at the code."""
    await world.holder()
    (*lines, code, _) = registration(world)
    await world.visit(await world.card(), [*lines, see(code.step, Gone.CARD_OUT)])


async def until_gone(world: World, rows: type[PendingRow]) -> None:
    """Wait until a table is empty."""
    async with asyncio.timeout(5):
        while await world.rows(rows):  # noqa: ASYNC110 - the condition is the database's, which tells nobody
            await asyncio.sleep(0.01)


async def newest(world: World) -> AuditRow:
    """The event with the latest time."""
    return max(await world.events(), key=lambda event: event.at)


@pytest.mark.parametrize("jump", [timedelta(days=30), timedelta(minutes=-30)])
async def test_a_refused_clock_is_on_record_once_and_dates_nothing_into_the_future(
    front: Front, jump: timedelta
) -> None:
    world = front.world
    await front.stage.until(Attract)
    if (daily := front.attendant._sweeping) is not None:
        await daily  # it is dated by the time at which it began
    right = world.hands.wall
    world.hands.wall += jump
    closed = await front.stage.until(Closed)
    assert closed.reason is OutOfService.CLOCK
    world.hands.wall = right
    await front.stage.until(Attract)
    (event,) = await world.events("clock.refused")
    assert (event.outcome, event.at) == ("refused", right), "not the time it has jumped to"
    assert (await newest(world)).at == right


async def test_each_refusal_is_on_record(front: Front) -> None:
    for count in (1, 2):
        await front.stage.until(Attract)
        front.world.hands.wall -= timedelta(hours=1)
        await front.stage.until(Closed)
        front.world.hands.wall += timedelta(hours=1)
        await front.stage.until(Attract)
        assert len(await front.world.events("clock.refused")) == count


async def test_after_a_time_in_the_future_the_right_one_is_believed_once_it_is_accepted(front: Front) -> None:
    world = front.world
    await front.stage.until(Attract)
    right = world.hands.wall
    world.hands.forward(days=30)  # as of a kiosk that was started with a wrong clock
    await world.service.store.record(Event.KIOSK_STARTED, Subject())
    world.hands.wall = right
    world.service.store.clock.accept()
    closed = await front.stage.until(Closed)
    assert closed.reason is OutOfService.CLOCK
    assert not await world.service.store.clock_is_believable()
    await world.service.store.record(Event.CLOCK_ACCEPTED, Subject(actor="officer"), reason="battery")
    await world.parts.fleet.forget_the_future()  # it may have been seen while its clock was wrong
    await front.stage.until(Attract)
    world.hands.wall -= timedelta(minutes=3)
    world.service.store.clock.accept()
    assert not await world.service.store.clock_is_believable(), "it counts from the accepted time on"


async def test_mails_dated_in_the_future_do_not_count_against_the_rates(world: World) -> None:
    world.hands.forward(days=30)
    await draft(world)
    assert len(await world.rows(CodeMailRow)) == 1
    world.hands.forward(days=-30)
    await world.service.pendings.void_all()
    assert await world.rows(CodeMailRow) == []


async def test_what_nobody_came_back_for_is_erased_while_nobody_is_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without anybody's putting a card in."""
    monkeypatch.setattr(attendant, "LOOK_AGAIN", 0.01)
    monkeypatch.setattr(attendant, "SWEEP", 0.02)
    await draft(world)
    front = Front(world)
    await front.stage.until(Attract)
    world.hands.forward(minutes=14)
    assert len(await world.rows(PendingRow)) == 1
    world.hands.forward(minutes=2)
    await until_gone(world, PendingRow)
    await front.close()


@pytest.mark.parametrize("when", ["soon", "daily"])
async def test_what_could_not_be_erased_is_gone_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Where the kiosk's own program erased it, about a minute later; where a command did, within a day."""
    monkeypatch.setattr(attendant, "LOOK_AGAIN", 0.01)
    monkeypatch.setattr(attendant, "SWEEP", 0.02)

    def there() -> bool:
        return any(b"H-4711-Q" in file.read_bytes() for file in tmp_path.glob("kiosk.db*"))

    async with new_world(tmp_path) as erased, new_world(tmp_path, beside=erased) as other:
        await erased.holder("H-4711-Q")
        with closing(sqlite3.connect(tmp_path / "kiosk.db")) as reader:
            reader.execute("BEGIN")
            ((holder,),) = reader.execute("SELECT id FROM holder").fetchall()
            await erasure.forget(erased.service.store, holder, by="officer", reason="ticket 5514")
        assert there()
        monkeypatch.setattr(erased.service.retention, "tend", other.parts.database.ping)
        front = Front(erased if when == "soon" else other)
        async with asyncio.timeout(5):
            while there():  # noqa: ASYNC110 - the condition is that of files
                await asyncio.sleep(0.01)
        await front.close()


async def test_it_is_looked_for_about_once_a_minute(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sweeps, looks, enough = 0, 0, asyncio.Event()
    honest = world.parts.watch.look

    async def sweep() -> None:
        nonlocal sweeps
        sweeps += 1

    async def look(state: str) -> OutOfService | None:
        nonlocal looks
        looks += 1
        if looks == 20:
            enough.set()
        return await honest(state)

    monkeypatch.setattr(attendant, "LOOK_AGAIN", 0.001)
    monkeypatch.setattr(world.service.pendings, "sweep", sweep)
    monkeypatch.setattr(world.parts.watch, "look", look)
    front = Front(world)
    async with asyncio.timeout(5):
        await enough.wait()
    await front.close()
    assert sweeps == 1
