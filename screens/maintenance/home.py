"""The first screen of whoever has signed in: what their role is there for."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from kiosk.staff.entry import Leaving
from kiosk.staff.seen import Session
from screens.look import Manner
from screens.maintenance.base import StaffScreen, Stay
from screens.widgets.keys import FootKey, same
from screens.widgets.say import Say


def home(session: Session, stay: Stay, manner: Manner) -> StaffScreen:
    """The first screen for that role."""
    return HomeScreen(session, stay, manner)


class HomeScreen(StaffScreen):
    """Esc signs out from here."""

    title_text = "Maintenance"

    def __init__(self, session: Session, stay: Stay, manner: Manner) -> None:
        super().__init__(stay, manner)
        self.session = session

    def content(self) -> ComposeResult:
        yield Say(same("Signed in."), classes="said")

    def keys(self) -> Sequence[FootKey]:
        return (FootKey("escape", "Esc", same("Sign out")),)

    async def action_back(self) -> None:
        self.stay.end(Leaving.ASKED)
