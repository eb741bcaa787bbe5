"""Days, weeks and months of a report, in the time zone of the machine that makes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum

DAY = timedelta(days=1)


class Grain(Enum):
    """How fine a report's lines are."""

    DAY = "day"
    WEEK = "week"  # from Monday on, as ISO 8601 has it
    MONTH = "month"


AT_ONCE = {Grain.DAY: 28, Grain.WEEK: 26, Grain.MONTH: 12}
"""How many lines a report has where nobody says from when to when."""

_FINER = {Grain.DAY: Grain.DAY, Grain.WEEK: Grain.DAY, Grain.MONTH: Grain.WEEK}


@dataclass(frozen=True)
class Span:
    """A line's time, in whole days: from ``first`` on, before ``until``."""

    first: date
    until: date

    def days(self) -> Iterator[date]:
        """Each of its days."""
        for number in range((self.until - self.first).days):
            yield self.first + number * DAY


@dataclass(frozen=True)
class Period(Span):
    """A report's time, and how fine its lines are. Its first and last line may be shorter than the others."""

    grain: Grain

    def spans(self) -> Iterator[Span]:
        """The time of each line."""
        first = self.first
        while first < self.until:
            until = min(step(start_of(first, self.grain), self.grain, 1), self.until)
            yield Span(first, until)
            first = until

    def moved(self, by: int) -> Period:
        """The same length that many of its lengths later; earlier where negative."""
        lines = sum(1 for _ in self.spans()) * by
        return Period(step(self.first, self.grain, lines), step(self.until, self.grain, lines), self.grain)


def latest(grain: Grain, today: date) -> Period:
    """The period of the usual length whose last line is that of today."""
    until = step(start_of(today, grain), grain, 1)
    return Period(step(until, grain, -AT_ONCE[grain]), until, grain)


def last_whole(grain: Grain, today: date) -> Period:
    """The day, week or month before the one of today, in finer lines."""
    until = start_of(today, grain)
    return Period(step(until, grain, -1), until, _FINER[grain])


def start_of(day: date, grain: Grain) -> date:
    """The first day of its week or month; the day itself."""
    if grain is Grain.WEEK:
        return day - day.weekday() * DAY
    return day.replace(day=1) if grain is Grain.MONTH else day


def step(day: date, grain: Grain, count: int) -> date:
    """So many days or weeks later, or the first of the month so many months later."""
    if grain is not Grain.MONTH:
        return day + count * (DAY if grain is Grain.DAY else 7 * DAY)
    months = day.year * 12 + day.month - 1 + count
    return date(months // 12, months % 12 + 1, 1)


def midnight(day: date) -> datetime:
    """When that day begins here, in UTC."""
    return datetime.combine(day, time()).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """The day that a moment is in here."""
    return moment.astimezone().date()
