"""How the process itself is: since when it runs, and how long its event loop kept others waiting."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

BEAT = 0.5  # seconds between two beats
KEPT = 60.0  # seconds that the longest delay is remembered


class Pulse:
    """Beats while the kiosk runs. ``monotonic`` is replaced in tests."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._now = monotonic
        self._started = monotonic()
        self._delays: deque[tuple[float, float]] = deque()  # when, and how late the beat was

    @property
    def uptime(self) -> float:
        """Seconds since the start."""
        return self._now() - self._started

    @property
    def delay(self) -> float:
        """Seconds that a beat was late at most, within the last minute: so long a key had to wait."""
        self._forget()
        return max((late for _, late in self._delays), default=0.0)

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            begun = self._now()
            await asyncio.sleep(BEAT)
            now = self._now()
            self._delays.append((now, max(0.0, now - begun - BEAT)))
            self._forget()

    def _forget(self) -> None:
        while self._delays and self._delays[0][0] < self._now() - KEPT:
            self._delays.popleft()
