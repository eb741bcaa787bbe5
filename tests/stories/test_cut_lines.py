"""The line to the database is cut between any two statements: nothing is half done, nothing counted twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from kiosk.steps import Ending, Offer
from kiosk.storage.database import PATIENCE, StoreUnavailable
from kiosk.storage.models import CodeMailRow, HolderRow, RegistrationRow
from tests import postgres
from tests.lines import Cut, Line
from tests.sampling import sample
from tests.stories.conftest import OpenWorld
from tests.stories.person import Person
from tests.stories.plots import NEW_PIN, register
from tests.stories.world import PUK, World

MESSAGES = {"register": 115, "unlock": 145}  # at least so many are said to the server; see the test below
CASES = [(plot, how, nth) for plot, most in MESSAGES.items() for nth in range(1, most + 1) for how in Cut]


@pytest.fixture
def database() -> dict[str, str]:
    """The server alone; the line is put in between by `told`."""
    return {}


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    """A line to the test's own server."""
    made = Line(postgres.server().port)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def world(open_world: OpenWorld, line: Line) -> AsyncIterator[World]:
    """A kiosk with such a line."""
    url = postgres.server().fresh()
    through = url.replace(f":{postgres.server().port}/", f":{line.port}/")
    made = await open_world(database={"url": through})
    made.parts.database._patience = PATIENCE
    await made.holder()
    made.ann = await made.card()
    yield made
    await made.parts.close()
    postgres.server().drop(url)


async def person(world: World, plot: str) -> Person:
    """Somebody who comes to register, or to unlock their card."""
    if plot == "register":
        return Person(world, Offer.REGISTER, Ending.REGISTERED)
    await register(world, world.ann)
    world.ann.lock()
    world.hands.forward(hours=2)
    return Person(world, Offer.UNLOCK, Ending.UNLOCKED)


async def in_order(world: World, plot: str) -> None:
    """What a story leaves behind that ended well: nothing is counted that did not happen."""
    (holder,) = await world.rows(HolderRow)
    assert holder.blocked_at is None
    assert holder.attempts <= 1, "an attempt may be lost, but only once"
    mailed = sum("code" in str(mail["Subject"]).lower() for _, mail in world.post.mails)
    counted = len(await world.rows(CodeMailRow))
    assert counted in (mailed, mailed + 1), "each mail is counted, and at most one that never went out"
    if plot == "unlock":
        assert world.ann.state().puk == PUK
        writes = [event.event for event in await world.events("card.write-begun", "card.unlocked")]
        assert writes.count("card.unlocked") == 1
    assert await world.events("unblock-secret.failed") == []


@pytest.mark.parametrize("plot", MESSAGES)
async def test_so_much_is_said(world: World, line: Line, plot: str) -> None:
    somebody = await person(world, plot)
    before = line.said
    await somebody.visit(world.ann)
    assert somebody.done
    said = line.said - before
    assert MESSAGES[plot] <= said <= MESSAGES[plot] * 1.15, f"{said}: mend MESSAGES"


@pytest.mark.parametrize(("plot", "how", "nth"), sample(CASES, 12), ids=str)
async def test_a_line_that_is_cut(world: World, line: Line, plot: str, how: Cut, nth: int) -> None:
    somebody = await person(world, plot)
    line.cut(how, nth)
    with suppress(StoreUnavailable):
        await somebody.visit(world.ann)
    assert line.was_cut
    if plot == "register" and await world.rows(RegistrationRow):
        somebody.done = True  # it was kept, though nobody could tell them
    await somebody.until_done(world.ann)
    await in_order(world, plot)
    if plot == "unlock":
        assert somebody.pin == NEW_PIN


@pytest.mark.parametrize("plot", sample(MESSAGES, 1))  # each waits until a dead line is given up
async def test_a_line_that_goes_dead(world: World, line: Line, plot: str) -> None:
    somebody = await person(world, plot)
    line.dead(dead=True)
    with pytest.raises(StoreUnavailable):
        await somebody.visit(world.ann)
    line.dead(dead=False)
    await somebody.until_done(world.ann)
    await in_order(world, plot)
