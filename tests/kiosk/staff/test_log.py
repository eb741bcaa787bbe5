"""What the log of a kiosk tells a technician of its day."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from importlib.metadata import version

import pytest
from pydantic import SecretStr

from kiosk import attendant
from kiosk.attendant import EXIT_OK, EXIT_START_AGAIN
from kiosk.shift import Shift
from kiosk.staff.account import Role
from kiosk.staff.entry import Leaving, Refused
from kiosk.staff.rooms.session import StaffSession
from kiosk.steps import Attract, Closed, Welcome
from tests.kiosk.staff.conftest import PASSCODE, PASSWORD, Staffed
from tests.kiosk.stage import BareStage
from tests.stories.world import RA_EMAIL

TECHNICIAN = Role.TECHNICIAN.value


class Day:
    """A kiosk at work, and its log."""

    def __init__(self, staffed: Staffed) -> None:
        self.world = staffed.world
        self.cards = staffed.cards
        self.stage, self.shift = BareStage(), Shift()
        self.running = asyncio.create_task(self.shift.work(self.stage, self.world.parts))

    @property
    def log(self) -> list[str]:
        """What it says, heads of the audit trail left out."""
        return [text for _, text in self.lines if not text.startswith("audit head")]

    @property
    def lines(self) -> list[tuple[int, str]]:
        """Level and text of each line."""
        return [(record.level, record.text) for record in self.world.parts.logbook.records()]

    async def says(self, text: str) -> None:
        """Wait for a line."""
        async with asyncio.timeout(5):
            while text not in self.log:  # noqa: ASYNC110 - the log wakes nobody
                await asyncio.sleep(0.005)

    async def sign_in(self) -> StaffSession:
        """The technician, by their password."""
        assert self.shift.lobby is not None
        assert self.shift.lobby.enter()
        session = await self.shift.lobby.by_password(TECHNICIAN, PASSWORD)
        assert isinstance(session, StaffSession)
        return session

    async def sign_out(self) -> None:
        """They leave."""
        assert self.shift.lobby is not None
        await self.shift.lobby.leave(Leaving.ASKED)

    async def ended(self) -> int:
        """Wait for its end."""
        async with asyncio.timeout(5):
            return await self.running


@pytest.fixture
async def day(staffed: Staffed, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Day]:
    """One that is open."""
    monkeypatch.setattr(attendant, "LOOK_AGAIN", 0.01)
    monkeypatch.setattr(attendant, "GUARD", 0.01)
    made = Day(staffed)
    await made.stage.until(Attract)
    yield made
    made.shift.end()
    await made.ended()


async def test_a_day_without_trouble_begins_and_ends(day: Day) -> None:
    day.shift.end()
    assert await day.ended() == EXIT_OK
    assert day.log == [
        f"started: Kiosk 1, release {version('unlock-kiosk')}",
        "the reader is there: Virtual reader",
        "stopped",
    ]


async def test_a_head_of_the_audit_trail_is_told_once(day: Day) -> None:
    retention = day.world.service.retention
    for _ in range(3):
        await retention.tend()
    heads = [text for _, text in day.lines if text.startswith("audit head")]
    assert len(heads) == len(set(heads))
    assert heads[-1] == f"audit head {await day.world.service.store.head()}"


async def test_staff_come_and_go_by_name_role_and_way(day: Day) -> None:
    await day.sign_in()
    await day.sign_out()
    lobby = day.shift.lobby
    assert lobby is not None
    assert lobby.enter()
    assert isinstance(await lobby.by_password(TECHNICIAN, SecretStr("zebra-80418041")), Refused)
    await lobby.leave(Leaving.ASKED)
    assert lobby.enter()
    assert isinstance(await lobby.by_password("zebra-80418041", PASSWORD), Refused)
    day.world.reader.insert(day.cards[Role.OFFICER])
    card = lobby.card
    assert card is not None
    assert isinstance(await lobby.by_card(PASSCODE, card), StaffSession)
    await day.sign_out()
    assert day.log[2:] == [
        "technician signed in by password: technician",
        "technician signed out: asked",
        "somebody was not let in by password: wrong",  # and not again for a minute: anybody can knock
        "officer signed in by card: officer",
        "officer signed out: asked",
    ]


async def test_what_a_technician_does_is_told(day: Day) -> None:
    session = await day.sign_in()
    await session.service.stop("Back at two")
    await session.service.resume()
    await session.service.resume()
    await session.mail.send_test(RA_EMAIL)
    await session.selftest.run(lambda _: None)
    day.world.post.down = True
    with pytest.raises(Exception, match="connection refused"):
        await session.mail.send_test(RA_EMAIL)
    await session.service.restart()
    assert await day.ended() == EXIT_START_AGAIN
    told = [line for line in day.lines if "technician" in line[1] and "signed" not in line[1]]
    assert told == [
        (logging.WARNING, "out of service, by technician"),
        (logging.INFO, "back in service, by technician"),
        (logging.INFO, "a test mail of technician was sent"),
        (logging.INFO, "the self-test went well, run by technician"),
        (logging.WARNING, "a test mail of technician was not sent: connection refused"),
        (logging.WARNING, "to be started again, by technician"),
    ]
    assert day.log[-1] == "stopped, to be started again"


async def test_a_self_test_that_fails_says_where(day: Day) -> None:
    session = await day.sign_in()
    day.world.post.down = True
    await session.selftest.run(lambda _: None)
    (event,) = await day.world.events("selftest.run")
    assert day.log[-1] == f"the self-test failed at {event.reason}, run by technician"


async def test_a_visit_that_the_machine_has_ended_is_told_by_its_reference(day: Day) -> None:
    await day.world.holder()
    card = await day.world.card()
    day.world.reader.insert(card)
    await day.stage.until(Welcome)
    day.world.reader.unplug()
    await day.stage.until(Closed)
    await day.says("the reader is gone: Virtual reader")
    day.world.reader.remove()
    day.world.reader.plug()
    await day.stage.until(Attract)
    (seen,) = await day.world.events("card.seen")
    await day.says(f"visit {seen.visit} ended: the reader is gone")
    day.world.reader.insert(card)
    await day.stage.until(Welcome)
    day.world.hands.wall = day.world.hands.wall.replace(year=2001)
    await day.stage.until(Closed)
    day.world.reader.remove()
    (_, seen) = await day.world.events("card.seen")
    await day.says(f"visit {seen.visit} ended: out of service, clock")
