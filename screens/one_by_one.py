"""Keys take effect one after another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from textual import events
from textual.app import App, ScreenStackError
from textual.dom import DOMNode
from textual.message_pump import MessagePump

from screens.frame import KioskScreen

REST = 0.25  # seconds: what the effect of one key may take before the next is handed on
ARRIVAL = 5.0  # seconds: what the screen may take that it leads to, its store asked and itself drawn
_ROUNDS = 2  # up to the app with the key, and up again with the message that it made

HandOn = Callable[[events.Event], Awaitable[None]]


class OneByOne:
    """Holds a key back until the one before it has had its effect.

    Textual hands each key at once to the widget that has the focus. So what a quick person types after
    Enter, or a scanner sends, would still go into the field they have just left; and the first of what
    is meant for another screen would go to nobody, as that one has no cursor yet.
    """

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._waiting: deque[tuple[events.Key, HandOn]] = deque()
        self._working: asyncio.Task[None] | None = None

    async def hand_on(self, event: events.Key, to: HandOn) -> None:
        """Hand the key on now, or after those that wait before it."""
        if self._working is not None and not self._working.done():
            self._waiting.append((event, to))
            return
        focused = self._where()
        await to(event)
        self._working = asyncio.create_task(self._work_off(focused), name="keys")

    async def _work_off(self, focused: DOMNode | None) -> None:
        await self._rest(focused)
        while self._waiting:
            event, to = self._waiting.popleft()
            focused = self._where()
            await to(event)
            await self._rest(focused)

    def _where(self) -> DOMNode | None:
        with suppress(ScreenStackError):  # at the very beginning and end there is none
            return self._app.focused or self._app.screen
        return None

    async def _rest(self, focused: DOMNode | None) -> None:
        """Until every pump from the focused widget up to the app has done what it had to do."""
        if focused is None:
            return
        with suppress(TimeoutError):  # a widget that is being taken away answers no more
            async with asyncio.timeout(REST):
                for pump in list(focused.ancestors_with_self) * _ROUNDS:
                    await _idle(pump)
        with suppress(TimeoutError, ScreenStackError):
            async with asyncio.timeout(ARRIVAL):
                await self._arrive()

    async def _arrive(self) -> None:
        """Until the screen in front takes keys, whichever that is in the end."""
        arrived: DOMNode | None = None
        while arrived is not self._app.screen:
            arrived = self._app.screen
            await _idle(arrived, begun=False)  # it is told when it is mounted
            await _idle(self._app)  # which sets the cursor
            if isinstance(arrived, KioskScreen):
                await arrived.led_on()


async def _idle(pump: MessagePump, *, begun: bool = True) -> None:
    done = asyncio.Event()
    if (pump.is_running or not begun) and pump.call_later(done.set):
        await done.wait()
