"""An app on a terminal of its own, from its start to a clean end: signals, errors nobody expected, keys."""

from __future__ import annotations

import asyncio
import signal
import threading
from typing import Any

from textual import events

from screens.closed import ClosedApp
from screens.driver import KioskDriver
from screens.failures import log, record
from screens.one_by_one import OneByOne

_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class ServedApp(ClosedApp[int]):
    """Runs until `close` has brought it to its end. Keys take effect one after another."""

    def __init__(self) -> None:
        super().__init__(driver_class=KioskDriver)
        self._keys = OneByOne(self)

    def close(self) -> None:
        """Come to an end: on SIGTERM, SIGHUP, SIGINT, and when the terminal has gone."""
        raise NotImplementedError

    async def wind_up(self) -> None:
        """What has to be waited for once nothing is shown any more."""

    async def serve(self, *, headless: bool = False) -> int:
        """Run on the terminal until it has ended; returns the exit code."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._loop_failed)
        before, threading.excepthook = threading.excepthook, self._thread_failed
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.close)
        try:
            await self.run_async(headless=headless)
            await self.wind_up()
        finally:
            threading.excepthook = before
            for number in _SIGNALS:
                loop.remove_signal_handler(number)
        return self.return_code or 0

    async def on_event(self, event: events.Event) -> None:
        """Hand on each key when the one before has had its effect."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self._keys.hand_on(event, self.deliver)
        else:
            await self.deliver(event)

    async def deliver(self, event: events.Event) -> None:
        """Hand an event on to the screen in front."""
        await super().on_event(event)

    def hang_up(self) -> None:
        """The terminal has gone: nobody is there any more. May be called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.close)

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
