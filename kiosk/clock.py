"""The time, and whether to believe it.

Codes live by the wall clock, so a clock that is set back would revive them. Every look at the
time is held against the monotonic clock, the build date and the store's newest event.

Where the store is a server, its clock is the time at every kiosk: `heed` is told what it shows, with
every unit of work. This machine's own wall clock then only has to be near it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

BUILT = datetime(2026, 11, 24, tzinfo=UTC)  # moved with each release; no right clock shows an earlier time
JUMP = timedelta(minutes=2)
NEAR = timedelta(seconds=30)  # how far this machine's clock may be from the store's before it is told


class Clock:
    """The time in UTC. ``wall`` and ``monotonic`` are replaced in tests."""

    def __init__(
        self,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._start = (wall(), monotonic())
        self._heeded: tuple[datetime, float] | None = None
        self._floor: datetime | None = None

    def heed(self, at: datetime, age: float = 0.0) -> None:
        """The store's own clock showed ``at`` (UTC), ``age`` seconds ago: from now on that is the time."""
        first = self._heeded is None
        self._heeded = (at, self._monotonic() - age)
        if first:
            self.accept()

    def now(self) -> datetime:
        """The present time, UTC. A clock that is set back stands still, so that no code is revived."""
        shown = self._shown()
        return max(shown, self._floor) if self._floor else shown

    def not_before(self, moment: datetime) -> None:
        """The store has seen that moment: the time does not go back behind it."""
        self._floor = max(moment, self._floor or moment)

    def _shown(self) -> datetime:
        if self._heeded is None:
            return self._wall()
        at, then = self._heeded
        return at + timedelta(seconds=self._monotonic() - then)

    def error(self) -> timedelta:
        """How far this machine's wall clock is ahead of the store's; nothing where that has none."""
        return self._wall() - self._shown() if self._heeded is not None else timedelta()

    def drift(self) -> timedelta:
        """How far the time has moved away from the monotonic clock since the start."""
        then, monotonic = self._start
        return self._shown() - then - timedelta(seconds=self._monotonic() - monotonic)

    def steady(self) -> datetime:
        """What the clock would show had it not been set since the start, UTC."""
        return self._shown() - self.drift()

    def is_believable(self, newest_event: datetime | None = None) -> bool:
        """False where the clock is earlier than the build or the store's newest event, or jumped.

        Two minutes of difference are allowed for, everywhere.
        """
        now = self._shown()
        earliest = max(BUILT, newest_event or BUILT) - JUMP
        return now >= earliest and abs(self.drift()) <= JUMP

    def accept(self) -> None:
        """Take the present time as right from now on (after pending codes were voided)."""
        self._start = (self._shown(), self._monotonic())
        self._floor = None
