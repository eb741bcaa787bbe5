"""The app of the RA's own machine: the door, the desk behind it, and the way out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr
from textual import events
from textual.pilot import Pilot

from kiosk.staff.account import Role
from kiosk.staff.entry import Leaving, Refused, Why
from kiosk.staff.seen import Session
from screens.desk import DeskApp
from screens.maintenance.find import FindScreen
from screens.maintenance.home import HealthScreen
from screens.maintenance.sign_in import SignInScreen
from screens.widgets.fields import Entry
from screens.widgets.keys import FootKey
from tests.screens.fitting import cut
from tests.screens.hall import StillClock, look, wait_until
from tests.screens.maintenance.fakes import FakeLobby, FakeSession


class Door(FakeLobby):
    """Lets everybody in who types "right", as whoever they say they are."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = 0
        self.sessions: list[FakeSession] = []

    def enter(self) -> bool:
        self.entered += 1
        return super().enter()

    async def by_password(self, name: str, password: SecretStr) -> Session | Refused:
        if password.get_secret_value() != "right":
            return Refused(Why.WRONG)
        self.sessions.append(FakeSession(Role(name)))
        return self.sessions[-1]


class Desk:
    """The app, with somebody in front of it."""

    def __init__(self, app: DeskApp, pilot: Pilot[int], door: Door, clock: StillClock) -> None:
        self.app, self.pilot, self.door, self.clock = app, pilot, door, clock

    @property
    def drawn(self) -> str:
        """What is on the screen."""
        return "\n".join(line.text for line in self.app.screen._compositor.render_strips())

    async def sees(self, *texts: str) -> None:
        """Wait until all of these stand there."""
        await wait_until(lambda: all(text in self.drawn for text in texts))

    async def sign_in(self, name: str, password: str = "right") -> None:
        """Type both."""
        await wait_until(lambda: isinstance(self.app.screen, SignInScreen) and self.app.focused is not None)
        await self.pilot.press(*name, "enter", *password, "enter")

    def pass_time(self, seconds: float) -> None:
        """Let seconds pass with nothing done."""
        self.clock.seconds += seconds
        assert isinstance(self.app.screen, SignInScreen | FindScreen)
        self.app.screen.tick()


@asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    """A desk with its door in front."""
    door, clock = Door(), StillClock()
    app = DeskApp(look(clock), door, idle=120)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until(lambda: isinstance(app.screen, SignInScreen) and app.screen.is_mounted)
        await pilot.pause()
        yield Desk(app, pilot, door, clock)


async def test_an_officer_comes_in_and_goes_and_the_door_is_shown_again() -> None:
    async with desk() as there:
        for visit in (1, 2):
            await there.sees("Officers' desk", "Sign in, or put your staff card", "F10 Close the desk")
            await there.sign_in("officer", "wrong")
            await there.sees("Name or password is not right")
            await there.sign_in("officer")
            await there.sees("Desk: find a person", "F9 Mail")
            assert "Service" not in there.drawn, "nobody is served here"
            await there.pilot.press("escape")
            await wait_until(lambda count=visit: len(there.door.left) == count)  # type: ignore[misc]
        await there.sees("Sign in, or put your staff card")
        assert there.door.left == [Leaving.ASKED] * 2
        assert there.door.entered == 3
        assert len(there.app.screen_stack) == 2, "nothing of the visits is left"


async def test_an_administrator_has_the_tools_of_any_machine_and_the_accounts() -> None:
    async with desk() as there:
        await there.sign_in("administrator")
        await there.sees("Maintenance: health", "R Reader", "T Test", "A Accounts")
        assert "Service" not in there.drawn
        assert cut(there.app.screen) == []
        await there.pilot.press("s")
        assert isinstance(there.app.screen, HealthScreen)
        await there.pilot.press("a")
        await there.sees("Maintenance: accounts", "6 accounts")


@pytest.mark.parametrize("by_mouse", [False, True])
async def test_f10_at_the_door_closes_it_and_nowhere_else(by_mouse: bool) -> None:
    async with desk() as there:
        await there.sign_in("officer")
        await there.sees("Desk: find a person")
        await there.pilot.press("f10")
        assert there.app.is_running
        await there.pilot.press("escape")
        await there.sees("Sign in, or put your staff card")
        if by_mouse:
            await there.pilot.click(list(there.app.screen.query(FootKey))[-1])
        else:
            await there.pilot.press("f10")
        await wait_until(lambda: not there.app.is_running)
    assert there.app.return_code == 0


async def test_nobody_has_to_hurry_at_the_door_but_nothing_typed_stays() -> None:
    async with desk() as there:
        for _ in range(10):
            there.pass_time(20)
        await there.pilot.pause()
        assert there.door.left == []
        await there.pilot.press(*"olga", "enter", *"rig")
        there.pass_time(31)
        await wait_until(lambda: there.door.left == [Leaving.IDLE])
        await wait_until(lambda: there.door.entered == 2)
        await there.sees("Sign in, or put your staff card")
        assert [entry.value for entry in there.app.screen.query(Entry)] == ["", "", ""]


async def test_whoever_goes_away_is_signed_out() -> None:
    async with desk() as there:
        await there.sign_in("officer")
        await there.sees("Desk: find a person")
        there.pass_time(121)
        await there.sees("Sign in, or put your staff card")
        assert there.door.left == [Leaving.IDLE]


async def test_no_way_out_but_that_one() -> None:
    async with desk() as there:
        await there.pilot.press(
            "ctrl+q", "ctrl+c", "ctrl+p", "ctrl+z", "ctrl+backslash", "f2", "f12", "escape"
        )
        await there.pilot.pause()
        assert there.app.is_running
        await there.pilot.press("f7")
        assert there.app.theme == "contrast"
        assert there.app.clipboard == ""


async def test_a_signal_ends_it_with_whoever_is_signed_in() -> None:
    app = DeskApp(look(), Door(), idle=120)
    serving = asyncio.create_task(app.serve(headless=True))
    await wait_until(
        lambda: app.is_running and isinstance(app.screen, SignInScreen) and app.screen.is_mounted, 20
    )
    app.post_message(events.Key("x", "x"))
    app.hang_up()
    assert await serving == 0
