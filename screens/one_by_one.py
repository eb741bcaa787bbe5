"""Keys take effect one after another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.message_pump import MessagePump

REST = 0.25  # seconds: what the effect of one key may take before the next is handed on
_ROUNDS = 2  # up to the app with the key, and up again with the message that it made

HandOn = Callable[[events.Event], Awaitable[None]]


class OneByOne:
    """Holds a key back until the one before it has had its effect.

    Textual hands each key at once to the widget that has the focus. So what a quick person types after
    Enter, or a scanner sends, would still go into the field they have just left.
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
        focused = self._app.focused
        await to(event)
        self._working = asyncio.create_task(self._work_off(focused), name="keys")

    async def _work_off(self, focused: DOMNode | None) -> None:
        await self._rest(focused)
        while self._waiting:
            event, to = self._waiting.popleft()
            focused = self._app.focused
            await to(event)
            await self._rest(focused)

    async def _rest(self, focused: DOMNode | None) -> None:
        """Until every pump from the focused widget up to the app has done what it had to do."""
        if focused is None:
            return
        with suppress(TimeoutError):  # a widget that is being taken away answers no more
            async with asyncio.timeout(REST):
                for pump in list(focused.ancestors_with_self) * _ROUNDS:
                    await _idle(pump)


async def _idle(pump: MessagePump) -> None:
    done = asyncio.Event()
    if pump.is_running and pump.call_later(done.set):
        await done.wait()
