"""The time, and whether to believe it.

Codes live by the wall clock, so a clock that is set back would revive them. Every look at the
time is held against the monotonic clock, the build date and the store's newest event.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

BUILT = datetime(2026, 11, 24, tzinfo=UTC)  # moved with each release; no right clock shows an earlier time
JUMP = timedelta(minutes=2)


class Clock:
    """Wall clock in UTC. ``wall`` and ``monotonic`` are replaced in tests."""

    def __init__(
        self,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._start = (wall(), monotonic())

    def now(self) -> datetime:
        """The present time, UTC."""
        return self._wall()

    def drift(self) -> timedelta:
        """How far the wall clock has moved away from the monotonic one since the start."""
        wall, monotonic = self._start
        return self._wall() - wall - timedelta(seconds=self._monotonic() - monotonic)

    def steady(self) -> datetime:
        """What the clock would show had it not been set since the start, UTC."""
        return self.now() - self.drift()

    def is_believable(self, newest_event: datetime | None = None) -> bool:
        """False where the clock is earlier than the build or the store's newest event, or jumped.

        Two minutes of difference are allowed for, everywhere.
        """
        now = self.now()
        earliest = max(BUILT, newest_event or BUILT) - JUMP
        return now >= earliest and abs(self.drift()) <= JUMP

    def accept(self) -> None:
        """Take the present time as right from now on (after pending codes were voided)."""
        self._start = (self._wall(), self._monotonic())
