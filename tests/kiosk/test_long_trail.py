"""An audit trail that nobody has closed for years: the kiosk serves people all the same."""

from __future__ import annotations

import pytest

from kiosk.audit import Event, Subject
from kiosk.office.doctor import Level, storing
from kiosk.steps import Attract, Ending, Offer
from kiosk.storage.place import sqlite_file
from tests.kiosk.conftest import Front
from tests.sampling import LONG
from tests.stories.person import Person
from tests.stories.world import World

SIZE = (1000 if LONG else 5) * 1_000_000  # bytes of the database's file
AT_ONCE = 5000  # events in one unit of work


@pytest.fixture
def database() -> dict[str, str]:
    """A file: what a server does with it is measured in tests/bench."""
    return {}


@pytest.mark.timeout(3600)  # as long as a gigabyte takes; a look that hangs ends on its own
async def test_a_trail_of_a_gigabyte(registered: World, front: Front) -> None:
    world = registered
    file = sqlite_file(world.settings)
    assert file is not None
    store = world.service.store
    while file.stat().st_size < SIZE:
        async with store.work() as session:
            store.audit.record_all(session, [(Event.CARD_SEEN, Subject(), {"locked": False})] * AT_ONCE)
    await front.stage.until(Attract)
    assert (await storing.store(world.settings)).level is not Level.FAIL
    assert await front.close() == 0
    events = await world.parts.trail.count()
    person = Person(world, Offer.CHANGE_PASSCODE, Ending.PASSCODE_CHANGED)
    await person.visit(world.ann)
    assert person.done
    verified = await world.parts.trail.verify(None, lambda _: None)
    assert verified.fault is None
    assert verified.count > events >= SIZE // 2000
