"""The first screen of whoever has signed in: what their role is there for."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding

from kiosk.staff.entry import Leaving
from kiosk.staff.seen import Session
from screens.look import Manner
from screens.maintenance.base import StaffScreen, Stay
from screens.maintenance.board import Board
from screens.maintenance.service import ServiceScreen
from screens.widgets.keys import FootKey, same


def home(session: Session, stay: Stay, manner: Manner) -> StaffScreen:
    """The first screen for that role."""
    return HealthScreen(session, stay, manner)


class HealthScreen(StaffScreen):
    """The health board, and a key for each tool. Esc signs out from here."""

    BINDINGS = [Binding("s,S", "service", show=False)]
    title_text = "Maintenance: health"

    def __init__(self, session: Session, stay: Stay, manner: Manner) -> None:
        super().__init__(stay, manner)
        self.session = session

    def content(self) -> ComposeResult:
        yield Board()

    def keys(self) -> Sequence[FootKey]:
        return (
            FootKey("s", "S", same("Service")),
            FootKey("escape", "Esc", same("Sign out")),
        )

    def focus_first(self) -> None:
        self.meanwhile(self.query_one(Board).follow(self.session.health.board()))

    def action_service(self) -> None:
        self.app.push_screen(ServiceScreen(self.session, self.stay, self.manner))

    async def action_back(self) -> None:
        self.stay.end(Leaving.ASKED)
