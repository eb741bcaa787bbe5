"""An event loop whose time passes only by waiting: hours go by in no time, and to the millisecond."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Jumps to the next timer whenever nothing else is to be done."""

    def __init__(self) -> None:
        super().__init__()
        self._virtual = 0.0

    def time(self) -> float:
        """The virtual time in seconds."""
        return self._virtual

    def _run_once(self) -> None:
        timers = [each.when() for each in self._scheduled if not each.cancelled()]  # type: ignore[attr-defined]
        if timers and not self._ready:  # type: ignore[attr-defined]
            self._virtual = max(self._virtual, min(timers))
        super()._run_once()  # type: ignore[misc]


def in_virtual_time(story: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for nothing but timers."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(story)
