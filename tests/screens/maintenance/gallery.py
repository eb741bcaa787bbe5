"""Every screen of the maintenance side, with something in it worth looking at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from textual.pilot import Pilot

from kiosk.staff.account import Role
from kiosk.staff.desk import Act, CardSeen, Deed, Foreseen
from kiosk.staff.foreseeing import foreseen
from kiosk.staff.roster import StaffCardSeen
from screens.app import KioskApp
from screens.look import Manner
from screens.maintenance.reports import ReportsScreen
from screens.maintenance.sign_in import SignInScreen
from screens.widgets.say import Say
from tests.screens.hall import Hall, StillClock, look, wait_for_end, wait_until
from tests.screens.maintenance.fake_accounts import MINE, PASSCODE, THEIRS, FakeAccounts
from tests.screens.maintenance.fake_desk import ANNS, BLANK, FakeDesk
from tests.screens.maintenance.fakes import FakeLobby, FakeSession, enter

COPY = replace(ANNS, other_key=True)
Keys = tuple[str | CardSeen | StaffCardSeen, ...]
"""Keys that lead to a screen from the first one; a card stands for itself."""


class TellingDesk(FakeDesk):
    """Says of a deed what the real one says, so that a picture tells what it looks like."""

    nobodys = (
        "visit B9M-9ZK was of a card that nobody is known by: it is not enrolled, or could not be read. Find "
        "the person by id or name; 'kiosk audit show --visit B9M-9ZK' says what happened"
    )

    async def foresee(self, deed: Deed) -> Foreseen:
        told = await super().foresee(deed)
        if deed.act is Act.ADD:
            return told
        return Foreseen(foreseen(deed, self.pages[deed.holder_id], self.at.card).lines, told.dangerous)


@dataclass(frozen=True)
class Posed:
    """A screen of somebody's. ``role`` None: nobody is signed in."""

    role: Role | None
    keys: Keys = ()


ANNS_PAGE: Keys = (*"A123", "enter")
TOOLS = {
    "sign-in": Posed(None),
    "health": Posed(Role.TECHNICIAN),
    "health-administrator": Posed(Role.ADMINISTRATOR),
    "reader": Posed(Role.TECHNICIAN, ("r",)),
    "card": Posed(Role.TECHNICIAN, ("r", "i")),
    "mail": Posed(Role.TECHNICIAN, ("m",)),
    "outbox": Posed(Role.OFFICER, ("f9", "down")),
    "drop": Posed(Role.OFFICER, ("f9", "f9")),
    "self-test": Posed(Role.TECHNICIAN, ("t", "enter")),
    "log": Posed(Role.TECHNICIAN, ("l",)),
    "settings": Posed(Role.TECHNICIAN, ("e",)),
    "reports": Posed(Role.OFFICER, ("f5",)),
    "reports-lists": Posed(Role.ADMINISTRATOR, ("p", "m", "down")),
    "service": Posed(Role.TECHNICIAN, ("s", "f8")),
    "login-prompt": Posed(Role.ADMINISTRATOR, ("s", "f9", "f9")),
}
DESK: dict[str, Keys] = {
    "find": (),
    "found": (*"jones", "enter", "down"),
    "nobody": (*"xyz", "enter"),
    "nobodys-visit": (*"b9m9zk", "enter"),
    "page": ANNS_PAGE,
    "page-other-card": (*ANNS_PAGE, "tab"),
    "page-nothing": (*"B7", "enter", BLANK),
    "new": ("f4",),
    "address": (*ANNS_PAGE, "e"),
    "deed": (*ANNS_PAGE, "b"),
    "dangerous": (*ANNS_PAGE, "r", *"T-1", "enter", "x", "enter"),
    "code": (*ANNS_PAGE, "a", *"T-1", "enter"),
    "enrol-empty": (*ANNS_PAGE, "n"),
    "enrol": (*ANNS_PAGE, "n", BLANK),
    "enrol-copy": (*ANNS_PAGE, "n", COPY),
    "replace": (*ANNS_PAGE, "p", BLANK, "enter"),
    "pulled": (*ANNS_PAGE, "p", BLANK, "enter", replace(BLANK, number="piv:guid:77")),
}
JONES: Keys = ("a", "down")
ACCOUNTS: dict[str, Keys] = {
    "list": ("a", "down", "down", "down"),
    "new": ("a", "n", *"jones", "enter"),
    "role": ("a", "n", *"eve", "enter"),
    "way": ("a", "n", *"eve", "enter", "2"),
    "weak": (*JONES, "p", *"abc", "enter"),
    "card": (*JONES, "c", THEIRS, *PASSCODE),
    "card-mine": (*JONES, "c", MINE),
    "disable": (*JONES, "d", *"T-1", "enter", "x", "enter"),
    "use-again": ("a", "down", "down", "down", "u"),
    "used-again": ("a", "down", "down", "down", "u", "enter"),
}
EVERYTHING = {
    **TOOLS,
    **{f"desk-{name}": Posed(Role.OFFICER, keys) for name, keys in DESK.items()},
    **{f"accounts-{name}": Posed(Role.ADMINISTRATOR, keys) for name, keys in ACCOUNTS.items()},
}


def stage() -> tuple[KioskApp, Callable[..., Any], asyncio.Event]:
    """An app, what opens a screen in it, and what ends it."""
    clock, end = StillClock(), asyncio.Event()
    app = KioskApp(look(clock), lambda stage: wait_for_end(stage, end))

    async def pose(pilot: Pilot[int], posed: Posed) -> None:
        there = Hall(app, pilot, clock)
        if posed.role is None:
            app.push_screen(SignInScreen(FakeLobby(), Manner(app.stage._manner.look), idle=120))
            await there.settle()
            return
        session, desk = FakeSession(posed.role), TellingDesk()
        session.selftest.goes_on.set()
        if posed.role is Role.OFFICER:
            session.desk = desk
        accounts = FakeAccounts()
        if posed.role is Role.ADMINISTRATOR:
            session.accounts = accounts
        enter(there, session)
        await there.settle()
        await go(there, desk, posed.keys, accounts)
        screen = app.screen
        if isinstance(screen, ReportsScreen):
            await wait_until(lambda: screen.query_one("#about", Say).said != "")
            await there.settle()

    return app, pose, end


async def go(there: Hall, desk: FakeDesk, keys: Keys, accounts: FakeAccounts | None = None) -> None:
    """Go where these lead."""
    for key in keys:
        if isinstance(key, str):
            await there.pilot.press(key)
        elif isinstance(key, StaffCardSeen):
            if accounts is not None:
                accounts.put(key)
        else:
            desk.put(key)
        await there.settle()
    await there.settle()


@asynccontextmanager
async def hung(posed: Posed, size: tuple[int, int]) -> AsyncIterator[KioskApp]:
    """An app with that screen in front."""
    app, pose, end = stage()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pose(pilot, posed)
        yield app
        end.set()
