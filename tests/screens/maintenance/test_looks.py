"""Every screen of the technician's side looks as it did."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from textual.pilot import Pilot

from kiosk.staff.account import Role
from screens.app import KioskApp
from screens.maintenance.reports import ReportsScreen
from screens.widgets.say import Say
from tests.screens.hall import Hall, StillClock, look, wait_for_end, wait_until
from tests.screens.maintenance.fakes import FakeSession, enter

SCREENS = {
    "health": (Role.TECHNICIAN, ()),
    "reader": (Role.TECHNICIAN, ("r",)),
    "card": (Role.TECHNICIAN, ("r", "i")),
    "mail": (Role.TECHNICIAN, ("m",)),
    "outbox": (Role.OFFICER, ("f9", "down")),
    "drop": (Role.OFFICER, ("f9", "f9")),
    "self-test": (Role.TECHNICIAN, ("t", "enter")),
    "log": (Role.TECHNICIAN, ("l",)),
    "settings": (Role.TECHNICIAN, ("e",)),
    "reports": (Role.OFFICER, ("f5",)),
    "reports-lists": (Role.ADMINISTRATOR, ("p", "m", "down")),
    "service": (Role.TECHNICIAN, ("s", "f8")),
}


@pytest.mark.parametrize("name", SCREENS)
def test_looks_as_it_did(name: str, snap_compare: Any) -> None:
    role, keys = SCREENS[name]
    clock, end = StillClock(), asyncio.Event()
    app = KioskApp(look(clock), lambda stage: wait_for_end(stage, end))

    async def open_it(pilot: Pilot[int]) -> None:
        there = Hall(app, pilot, clock)
        session = FakeSession(role)
        session.selftest.goes_on.set()
        enter(there, session)
        await there.settle()
        for key in keys:
            await pilot.press(key)
            await there.settle()
        screen = app.screen
        if isinstance(screen, ReportsScreen):
            await wait_until(lambda: screen.query_one("#about", Say).said != "")
            await there.settle()

    assert snap_compare(app, run_before=open_it, terminal_size=(80, 24))
