"""The app that holders see: a stage for the attendant."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.binding import Binding
from textual.screen import Screen

from kiosk.dialogue import Stage
from kiosk.refusals import OutOfService
from kiosk.steps import Closed
from screens.failures import EX_SOFTWARE, record
from screens.look import Look, Manner
from screens.served import ServedApp
from screens.stage import TextualStage


@dataclass(frozen=True)
class Maintenance:
    """The key that opens the maintenance side, and its first screen; None while it cannot be opened."""

    key: str
    screen: Callable[[Manner], Screen[Any] | None]


SETTLE = 70.0  # seconds: longer than any card command may take


class KioskApp(ServedApp):
    """Runs ``attend`` on a stage and exits with the code it returns.

    ``attend`` is a plain task, not a worker: leaving the app never cancels it, so a card write is
    never cut off. ``on_signal`` is called on SIGTERM, SIGHUP, SIGINT and when the terminal has gone;
    it asks the attendant to come to an end. ``drawer`` makes what F2 opens, where there is such a thing;
    ``maintenance`` what the staff's key opens.
    """

    CSS_PATH = "kiosk.tcss"
    ALLOWED_ACTIONS = ServedApp.ALLOWED_ACTIONS | {"language", "contrast", "drawer", "maintenance"}
    BINDINGS = [
        Binding("f2", "drawer", show=False, priority=True),
        Binding("f3", "language", show=False, priority=True),
        Binding("f7", "contrast", show=False, priority=True),
    ]

    def __init__(
        self,
        look: Look,
        attend: Callable[[Stage], Awaitable[int]],
        *,
        drawer: Callable[[Manner], Screen[Any]] | None = None,
        maintenance: Maintenance | None = None,
        on_signal: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self.stage = TextualStage(self, look, drawer)
        self._attend = attend
        self._on_signal = on_signal
        self._maintenance = maintenance
        if maintenance is not None:
            self.bind(maintenance.key, "maintenance", show=False)
        self._attending: asyncio.Task[None] | None = None
        self._swallowing = False

    def close(self) -> None:
        self._on_signal()

    async def wind_up(self) -> None:
        """After a failure of the screens: a card write under way is waited for all the same."""
        if self._attending is not None and not self._attending.done():
            self._on_signal()
            await asyncio.wait({self._attending}, timeout=SETTLE)

    def on_mount(self) -> None:
        self.stage.show(Closed(OutOfService.STARTING))
        self._attending = asyncio.create_task(self._supervise(), name="attendant")

    async def on_event(self, event: events.Event) -> None:
        """Every key and touch counts as a sign of life; one that only answers "still there?" ends here."""
        if isinstance(event, events.Key | events.MouseDown | events.Paste) and not event.is_forwarded:
            self._swallowing = self.stage.noticed()
        if self._swallowing and isinstance(event, events.Key | events.MouseEvent | events.Paste):
            return
        await super().on_event(event)

    async def deliver(self, event: events.Event) -> None:
        """Hand an event on to the screen it was meant for, if it is still there."""
        typed = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        if not typed or self.stage.is_meant(event):
            await super().deliver(event)

    def action_language(self) -> None:
        self.stage.next_language()

    def action_contrast(self) -> None:
        self.stage.toggle_contrast()

    def action_drawer(self) -> None:
        self.stage.toggle_drawer()

    def on_header_bar_held(self) -> None:
        """Pressed long, the bar does what the staff's key does."""
        self.action_maintenance()

    def action_maintenance(self) -> None:
        if self._maintenance is not None:
            self.stage.open_maintenance(self._maintenance.screen)

    async def _supervise(self) -> None:
        try:
            code = await self._attend(self.stage)
        except Exception as error:
            record(error, "attendant")
            code = EX_SOFTWARE
        if self.return_code is None:  # not failed before
            self.exit(code, return_code=code)
