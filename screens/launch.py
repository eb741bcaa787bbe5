"""Show a kiosk on this terminal: the one way in from the command line."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from kiosk.front import Kiosk
from screens.environment import scrub
from screens.look import Look, Manner, sixteen_colours

if TYPE_CHECKING:
    from textual.screen import Screen

    from kiosk.demo.desk import Desk
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

    site = kiosk.settings.site
    look = Look(
        site=site,
        patience=kiosk.settings.patience,
        banner=(lambda _: _("DEMO: nothing is real")) if kiosk.virtual else None,
        sixteen=sixteen_colours(site, os.environ.get("TERM", "")),
    )

    app = KioskApp(
        look,
        kiosk.attend,
        drawer=_tray(desk) if desk else None,
        maintenance=Maintenance(kiosk.settings.staff.key, staff_of(kiosk)),
        on_signal=kiosk.close,
    )
    return asyncio.run(app.serve())


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
