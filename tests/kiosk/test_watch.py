"""Store and clock are watched, in a visit and without one; and the kiosks of a fleet see each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk import notices, watch
from kiosk.audit import Event, Subject
from kiosk.clock import BUILT, Clock
from kiosk.fleet import SILENT
from kiosk.refusals import OutOfService
from kiosk.steps import Attract, Closed, EnterPasscode, Offer, TakeCard, Welcome
from kiosk.storage.database import StoreUnavailable
from kiosk.storage.models import KioskRow
from kiosk.storage.schema import SCHEMA
from tests.kiosk.conftest import Front
from tests.stories.conftest import OpenWorld
from tests.stories.world import World


@asynccontextmanager
async def away() -> AsyncIterator[AsyncSession]:
    """A database that cannot be used."""
    raise StoreUnavailable("OperationalError")
    yield  # type: ignore[unreachable]


@pytest.mark.parametrize("revision", ["0000", "9999"])
async def test_a_store_of_another_release_is_left_alone(front: Front, revision: str) -> None:
    await front.stage.until(Attract)
    # In a thread: a transaction of the kiosk's own may be open, and needs the event loop to end.
    await asyncio.to_thread(front.world.change, f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608
    closed = await front.stage.until(Closed)
    assert closed.reason is OutOfService.SCHEMA
    await asyncio.to_thread(front.world.change, f"UPDATE alembic_version SET version_num = '{SCHEMA}'")  # noqa: S608
    await front.stage.until(Attract)


async def test_a_store_that_hangs_is_away_and_comes_back(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    await front.stage.until(Attract)
    monkeypatch.setattr(watch, "LIMIT", 0.05)
    database, goes_on = front.world.service.store.database, asyncio.Event()
    transaction = database.transaction

    @asynccontextmanager
    async def hangs() -> AsyncIterator[AsyncSession]:
        await goes_on.wait()
        async with transaction() as session:
            yield session

    with monkeypatch.context() as patch:
        patch.setattr(database, "transaction", hangs)
        closed = await front.stage.until(Closed)
        assert closed.reason is OutOfService.STORE
    goes_on.set()
    await front.stage.until(Attract)


async def test_a_visit_ends_where_nothing_could_be_recorded(
    registered: World, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person has not even answered: they are told at once, and not after they have typed everything."""
    registered.reader.insert(registered.ann)
    await front.stage.reply(Welcome, Offer.CHANGE_PASSCODE)
    await front.stage.until(EnterPasscode)
    monkeypatch.setattr("kiosk.attendant.GUARD", 0.01)
    with monkeypatch.context() as patch:
        patch.setattr(registered.service.store.database, "transaction", away)
        closed = await front.stage.until(Closed)
        assert (closed.reason, closed.card_in) == (OutOfService.STORE, True)
    await front.stage.until(TakeCard)
    registered.reader.remove()
    await front.stage.until(Attract)


async def test_a_store_that_is_away_for_a_moment_ends_no_visit(
    registered: World, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.attendant.GUARD", 0.01)
    looks, look = 0, registered.parts.watch.look

    async def every_other(state: str) -> OutOfService | None:
        nonlocal looks
        looks += 1
        return OutOfService.STORE if looks % 2 else await look(state)

    await front.stage.until(Attract)
    monkeypatch.setattr(registered.parts.watch, "look", every_other)
    registered.reader.insert(registered.ann)
    await front.stage.until(Welcome)
    before = looks
    async with asyncio.timeout(5):
        while looks < before + 6:  # noqa: ASYNC110 - looks are counted by the guard's own task
            await asyncio.sleep(0.01)
    assert isinstance(front.stage.now, Welcome)


async def test_a_store_that_stays_away_is_told_to_the_journal_once(
    front: Front, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await front.stage.until(Attract)
    monkeypatch.setattr(notices, "FIRST_RETRY", timedelta(seconds=0.03))
    postman, tries = front.world.service.notices, 0

    @asynccontextmanager
    async def counted() -> AsyncIterator[AsyncSession]:
        nonlocal tries
        tries += 1
        async with away() as session:
            yield session

    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(front.world.service.store.database, "transaction", counted)
            postman._wake.set()
            before = tries
            async with asyncio.timeout(5):
                while tries < before + 20 or not postman._told:  # noqa: ASYNC110 - of watch and postman
                    await asyncio.sleep(0.01)
        await front.stage.until(Attract)
        async with asyncio.timeout(5):
            while postman._told:  # noqa: ASYNC110 - it has seen that the store is back
                await asyncio.sleep(0.01)
    assert caplog.text.count("notices wait") == 2
    assert caplog.text.count("the store is away") == 2


async def test_kiosks_see_each_other(open_world: OpenWorld) -> None:
    first = await open_world(site={"kiosk_name": "Corridor"})
    second = await open_world(beside=first, site={"kiosk_name": "Library"})
    for world in (first, second):
        assert await world.parts.watch.look("waiting") is None
    seen = await first.parts.fleet.sightings()
    assert [(one.name, one.state, one.silent, one.namesake) for one in seen] == [
        ("Corridor", "waiting", False, False),
        ("Library", "waiting", False, False),
    ]
    first.hands.forward(seconds=SILENT.total_seconds() + 1)
    await first.parts.watch.look("visit")
    await second.parts.watch.leave()
    seen = await first.parts.fleet.sightings()
    assert [(one.name, one.state, one.silent) for one in seen] == [
        ("Corridor", "visit", False),
        ("Library", "stopped", False),
    ]


async def test_a_kiosk_that_says_nothing_any_more_is_silent(open_world: OpenWorld) -> None:
    first = await open_world()
    await first.parts.watch.look("waiting")
    first.hands.forward(seconds=SILENT.total_seconds() + 1)
    (seen,) = await first.parts.fleet.sightings()
    assert seen.silent


async def test_two_machines_of_one_name_are_told(
    open_world: OpenWorld, caplog: pytest.LogCaptureFixture
) -> None:
    first = await open_world()
    second = await open_world(beside=first)
    await first.parts.watch.look("waiting")
    assert "another kiosk" not in caplog.text
    await second.parts.watch.look("waiting")
    assert "another kiosk calls itself 'Kiosk 1' too" in caplog.text
    assert [one.namesake for one in await first.parts.fleet.sightings()] == [True, True]


async def test_a_kiosk_that_starts_again_takes_its_old_place(open_world: OpenWorld) -> None:
    first = await open_world()
    await first.parts.watch.look("waiting")
    await first.parts.watch.leave()
    again = await open_world(beside=first)
    first.hands.forward(seconds=SILENT.total_seconds() + 1)
    await again.parts.watch.look("waiting")
    assert len(await first.rows(KioskRow)) == 1


async def test_a_sign_of_life_is_not_written_at_every_look(world: World) -> None:
    await world.parts.watch.look("waiting")
    (before,) = await world.rows(KioskRow)
    world.hands.forward(seconds=2)
    await world.parts.watch.look("waiting")
    assert (await world.rows(KioskRow))[0].seen_at == before.seen_at
    await world.parts.watch.look("visit")
    assert (await world.rows(KioskRow))[0].state == "visit", "but news is"


async def test_no_clock_is_right_that_is_before_the_last_sign_of_life(world: World) -> None:
    await world.parts.watch.look("waiting")
    world.hands.forward(hours=-1)
    world.hands.monotonic += 3600
    world.service.store.clock.accept()  # so that only the store can tell
    assert await world.parts.watch.look("waiting") is OutOfService.CLOCK


async def test_a_small_step_back_makes_the_time_stand_still(world: World) -> None:
    """Too small to be refused; a code that has ended is not revived by it."""
    clock = world.service.store.clock
    await world.parts.watch.look("waiting")
    before = clock.now()
    await world.parts.watch.look("waiting")
    world.hands.wall -= timedelta(seconds=90)
    assert clock.is_believable()
    assert clock.now() == before
    world.hands.wall += timedelta(seconds=91)
    assert clock.now() == before + timedelta(seconds=1)


def test_a_clock_that_heeds_the_stores_goes_on_with_it() -> None:
    wall, monotonic = BUILT, 50.0
    clock = Clock(lambda: wall, lambda: monotonic)
    assert clock.error() == timedelta()
    store = BUILT + timedelta(days=3)
    clock.heed(store, age=0.5)
    assert clock.now() == store + timedelta(seconds=0.5)
    assert clock.is_believable()
    assert clock.error() == BUILT - store - timedelta(seconds=0.5)
    monotonic += 10
    assert clock.now() == store + timedelta(seconds=10.5)
    wall -= timedelta(days=400)
    assert clock.is_believable(), "this machine's own clock does not matter"
    clock.heed(store + timedelta(minutes=5))
    assert not clock.is_believable(), "the store's has jumped"
    clock.accept()
    assert clock.is_believable()


async def test_events_and_signs_are_what_the_store_has_seen(world: World) -> None:
    await world.service.store.record(Event.KIOSK_STARTED, Subject())
    assert await world.service.store.clock_is_believable()


@pytest.mark.parametrize(
    ("trouble", "state"),
    [("unplug", "no-reader"), ("stop_service", "card-service"), ("plug_beside", "several-readers")],
)
async def test_a_reader_that_is_away_is_told_to_the_fleet(front: Front, trouble: str, state: str) -> None:
    await front.stage.until(Attract)
    getattr(front.world.reader, trouble)()
    closed = await front.stage.until(Closed)
    assert closed.reason.value == state
    async with asyncio.timeout(5):
        while [one.state for one in await front.world.parts.fleet.sightings()] != [state]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert front.stage.now == closed
