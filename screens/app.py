"""The app that holders see: a stage for the attendant."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.binding import Binding
from textual.screen import Screen

from kiosk.dialogue import Stage
from kiosk.refusals import OutOfService
from kiosk.steps import Closed
from screens.closed import ClosedApp
from screens.driver import KioskDriver
from screens.failures import EX_SOFTWARE, log, record
from screens.look import Look, Manner
from screens.one_by_one import OneByOne
from screens.stage import TextualStage


@dataclass(frozen=True)
class Maintenance:
    """The key that opens the maintenance side, and its first screen; None while it cannot be opened."""

    key: str
    screen: Callable[[Manner], Screen[Any] | None]


SETTLE = 70.0  # seconds: longer than any card command may take
_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class KioskApp(ClosedApp[int]):
    """Runs ``attend`` on a stage and exits with the code it returns.

    ``attend`` is a plain task, not a worker: leaving the app never cancels it, so a card write is
    never cut off. ``on_signal`` is called on SIGTERM, SIGHUP, SIGINT and when the terminal has gone;
    it asks the attendant to come to an end. ``drawer`` makes what F2 opens, where there is such a thing;
    ``maintenance`` what the staff's key opens.
    """

    CSS_PATH = "kiosk.tcss"
    ALLOWED_ACTIONS = ClosedApp.ALLOWED_ACTIONS | {"language", "contrast", "drawer", "maintenance"}
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
        super().__init__(driver_class=KioskDriver)
        self.stage = TextualStage(self, look, drawer)
        self._attend = attend
        self._on_signal = on_signal
        self._maintenance = maintenance
        if maintenance is not None:
            self.bind(maintenance.key, "maintenance", show=False)
        self._attending: asyncio.Task[None] | None = None
        self._swallowing = False
        self._keys = OneByOne(self)

    async def serve(self, *, headless: bool = False) -> int:
        """Run on the terminal until the attendant has ended; returns the exit code."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._loop_failed)
        before, threading.excepthook = threading.excepthook, self._thread_failed
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._on_signal)
        try:
            await self.run_async(headless=headless)
            await self._let_attendant_finish()
        finally:
            threading.excepthook = before
            for number in _SIGNALS:
                loop.remove_signal_handler(number)
        return self.return_code or 0

    def on_mount(self) -> None:
        self.stage.show(Closed(OutOfService.STARTING))
        self._attending = asyncio.create_task(self._supervise(), name="attendant")

    async def on_event(self, event: events.Event) -> None:
        """Every key and touch counts as a sign of life; one that only answers "still there?" ends here."""
        if isinstance(event, events.Key | events.MouseDown | events.Paste) and not event.is_forwarded:
            self._swallowing = self.stage.noticed()
        if self._swallowing and isinstance(event, events.Key | events.MouseEvent | events.Paste):
            return
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self._keys.hand_on(event, self._deliver)
        else:
            await self._deliver(event)

    async def _deliver(self, event: events.Event) -> None:
        """Hand an event on to the screen it was meant for, if it is still there."""
        typed = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        if not typed or self.stage.is_meant(event):
            await super().on_event(event)

    def hang_up(self) -> None:
        """The terminal has gone: nobody is there any more. May be called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._on_signal)

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

    async def _let_attendant_finish(self) -> None:
        """After a failure of the screens: a card write under way is waited for all the same."""
        if self._attending is not None and not self._attending.done():
            self._on_signal()
            await asyncio.wait({self._attending}, timeout=SETTLE)

    def _loop_failed(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is None:
            log.error("event loop: %s", type(context.get("future") or context.get("handle")).__name__)
        elif isinstance(context.get("future") or context.get("task"), asyncio.Task):
            self.fail(error, "task")  # a part of the kiosk is dead: start again
        else:
            record(error, "event loop")  # such as a connection that broke: its owner deals with it

    def _thread_failed(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self.fail, args.exc_value, "thread")
