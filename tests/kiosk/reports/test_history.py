"""The demo's made-up history: the same every time, whole, quick, worth looking at, and for no real store."""

from __future__ import annotations

from random import Random
from time import perf_counter

import pytest

from kiosk.audit import Event, Subject
from kiosk.demo.history import _entries, write_history
from kiosk.reports.counting import make_report
from kiosk.reports.periods import Grain, day_of, latest
from kiosk.reports.report import Measure
from tests.stories.plots import register
from tests.stories.world import World


@pytest.fixture
def database() -> dict[str, str]:
    """The demo's store is a file."""
    return {}


async def test_it_is_whole_and_worth_a_look(world: World) -> None:
    store, begun = world.service.store, perf_counter()
    count = await write_history(store)
    took = perf_counter() - begun
    assert took < 20, "some seconds, on a machine that is busy"
    verified = await world.parts.trail.verify(None, lambda _: None)
    assert (verified.fault, verified.count) == (None, count)
    made = await make_report(store, latest(Grain.WEEK, day_of(world.hands.wall)))
    total = made.total
    assert all(total[measure] > 20 for measure in Measure), {one: total[one] for one in Measure}
    assert 60 < (total.unlock_visit or 0) < 240
    assert len(made.places) == 4
    assert len(made.organisations) == 2
    assert len(total.failures) >= 8
    weeks = [line.figures[Measure.UNLOCKS] for line in made.lines if made.reach.covers(line.span)]
    assert sum(weeks[-6:]) > 1.3 * sum(weeks[1:7]), "it grows"
    days = await make_report(store, latest(Grain.DAY, day_of(world.hands.wall)))
    weekend = sum(line.figures[Measure.VISITS] for line in days.lines if line.span.first.weekday() > 4)
    assert 0 < weekend < total[Measure.VISITS] / 15, "few come at the weekend"


async def test_people_are_served_after_it(world: World) -> None:
    await write_history(world.service.store, days=20)
    assert await world.service.store.clock_is_believable(), "nothing in it is of the time to come"
    await world.holder()
    await register(world, await world.card())
    times = [event.at for event in await world.events()]
    assert times == sorted(times)


async def test_it_is_the_same_every_time(world: World) -> None:
    await write_history(world.service.store, days=3)
    first = [(event.at, event.kiosk, event.event, event.detail) for event in await world.events()]
    assert len(first) > 100
    again = [
        (one.at, one.kiosk, one.event, one.detail) for one in _entries(Random(1), day_of(world.hands.wall), 3)
    ]
    assert again == first


async def test_it_is_never_written_where_anything_has_happened(world: World) -> None:
    await world.service.store.record(Event.KIOSK_STARTED, Subject())
    with pytest.raises(ValueError, match="for an empty store alone"):
        await write_history(world.service.store)
    assert len(await world.events()) == 1
