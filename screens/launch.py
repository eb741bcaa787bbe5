"""Show a kiosk on this terminal: the one way in from the command line."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from kiosk.front import Kiosk
from screens.environment import scrub
from screens.look import Look, Manner, sixteen_colours

if TYPE_CHECKING:
    from textual.screen import Screen

    from kiosk.demo.desk import Desk
    from kiosk.settings import Settings
    from kiosk.staff.entry import Lobby
    from screens.demo_tray import DemoTray


def launch(kiosk: Kiosk, desk: Desk | None = None) -> int:
    """Run the kiosk full-screen until it is closed; returns the process's exit code.

    ``desk``: the demo's cards and mailbox, opened with F2.
    """
    scrub()
    from screens.app import (  # only now: Textual reads the environment while it is imported
        KioskApp,
        Maintenance,
    )

    app = KioskApp(
        _look(kiosk.settings, virtual=kiosk.virtual),
        kiosk.attend,
        drawer=_tray(desk) if desk else None,
        maintenance=Maintenance(kiosk.settings.staff.key, staff_of(kiosk)),
        on_signal=kiosk.close,
    )
    return asyncio.run(app.serve())


def launch_desk(settings: Settings, lobby: Callable[[], AbstractAsyncContextManager[Lobby]]) -> int:
    """Run the RA's desk full-screen until it is closed; returns the process's exit code.

    ``lobby`` opens what it works with. Raises what that raises, before any screen.
    """
    scrub()

    async def work() -> int:
        from screens.desk import DeskApp

        async with lobby() as opened:
            return await DeskApp(_look(settings), opened, idle=settings.staff.idle).serve()

    return asyncio.run(work())


def _look(settings: Settings, *, virtual: bool = False) -> Look:
    return Look(
        site=settings.site,
        patience=settings.patience,
        banner=(lambda _: _("DEMO: nothing is real")) if virtual else None,
        sixteen=sixteen_colours(settings.site, os.environ.get("TERM", "")),
    )


def _tray(desk: Desk) -> Callable[[Manner], DemoTray]:
    def tray(manner: Manner) -> DemoTray:
        from screens.demo_tray import DemoTray

        return DemoTray(desk, manner)

    return tray


def staff_of(kiosk: Kiosk) -> Callable[[Manner], Screen[None] | None]:
    """What makes the maintenance side's first screen, or None while staff cannot come in."""

    def first(manner: Manner) -> Screen[None] | None:
        lobby = kiosk.lobby
        if lobby is None or not lobby.enter():
            return None
        from screens.maintenance.sign_in import SignInScreen

        return SignInScreen(lobby, manner, idle=kiosk.settings.staff.idle)

    return first
