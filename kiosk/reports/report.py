"""What a report says. Pure data: the screen, the command line and the mail put it into their own form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from kiosk.reasons import in_words
from kiosk.reports.periods import Period, Span, midnight

_MINUTE = 60  # seconds


class Measure(Enum):
    """What is counted; the values name it for programs."""

    VISITS = "visits"
    REGISTRATIONS = "registrations"
    OTHER_ADDRESS = "registrations_other_address"  # another address than the RA's
    UNLOCKS = "unlocks"
    ASSISTED = "assisted_unlocks"
    PASSCODES = "passcode_changes"
    BLOCKS = "blocks"
    CLEARED = "blocks_cleared"
    ISSUED = "assistance_codes"
    MAIL = "mail_failures"
    FAILURES = "failures"

    @property
    def words(self) -> str:
        """What people call it. Staff read it, so it is in English."""
        return _WORDS[self]


_WORDS = {
    Measure.VISITS: "Visits",
    Measure.REGISTRATIONS: "Registrations",
    Measure.OTHER_ADDRESS: "with another address than the RA's",
    Measure.UNLOCKS: "Unlocks",
    Measure.ASSISTED: "with an assistance code",
    Measure.PASSCODES: "Passcode changes",
    Measure.BLOCKS: "Blocks",
    Measure.CLEARED: "Blocks cleared",
    Measure.ISSUED: "Assistance codes issued",
    Measure.MAIL: "Mails not sent",
    Measure.FAILURES: "Failures",
}


class Failure(NamedTuple):
    """Something that did not go well: the audit event, and its reason."""

    event: str
    reason: str

    @property
    def words(self) -> str:
        """For people."""
        what = _FAILED.get(self.event, self.event)
        return f"{what}: {in_words(self.reason)}" if self.reason else what


_FAILED = {
    "answers.checked": "wrong answers",
    "assistance.checked": "assistance code",
    "card.not-genuine": "card not genuine",
    "card.refused": "card refused",
    "card.write-ended": "card write",
    "code.checked": "emailed code",
    "code.rate-reached": "too many codes asked for",
    "code.sent": "code not mailed",
    "kiosk.incident": "incident",
    "notice.given-up": "notice not mailed",
    "passcode.checked": "wrong passcode",
    "unblock-secret.failed": "unblock secret refused",
    "visit.ended": "visit cut off",
}


@dataclass
class Figures:
    """What was counted somewhere, some time. ``seconds``: how often a visit took so long."""

    counts: Counter[Measure] = field(default_factory=Counter)
    failures: Counter[Failure] = field(default_factory=Counter)
    seconds: Counter[int] = field(default_factory=Counter)
    unlock_seconds: Counter[int] = field(default_factory=Counter)  # of visits in which a card was unlocked

    def __getitem__(self, measure: Measure) -> int:
        return self.failures.total() if measure is Measure.FAILURES else self.counts[measure]

    def add(self, other: Figures) -> None:
        """Count these, too."""
        self.counts.update(other.counts)
        self.failures.update(other.failures)
        self.seconds.update(other.seconds)
        self.unlock_seconds.update(other.unlock_seconds)

    @property
    def visit(self) -> int | None:
        """Seconds that a visit took, as the median; None where there was none."""
        return median(self.seconds)

    @property
    def unlock_visit(self) -> int | None:
        """The same of the visits in which a card was unlocked."""
        return median(self.unlock_seconds)


class Place(NamedTuple):
    """A kiosk, and the organisation that it stood in; empty where its settings name none."""

    kiosk: str
    organisation: str


class Line(NamedTuple):
    """The figures of one day, week or month."""

    span: Span
    figures: Figures


@dataclass(frozen=True)
class Chosen:
    """Which kiosks a report is about; an empty text stands for all."""

    kiosk: str = ""
    organisation: str = ""


ALL = Chosen()


@dataclass(frozen=True)
class Reach:
    """The time of which there are figures.

    ``since``: of the oldest event that the store still has; None where it has none. ``closed``: there were
    older ones, which are in files now (`kiosk audit close`). ``until``: when it was counted. All in UTC.
    """

    since: datetime | None
    closed: bool
    until: datetime

    def covers(self, span: Span) -> bool:
        """Whether all of a line's time is over, and its events are there."""
        gone = self.closed and (self.since is None or midnight(span.first) < self.since)
        return not gone and midnight(span.until) <= self.until

    def begins_in(self, span: Span) -> bool:
        """Whether the first figures are of a later time than the first of the span."""
        return self.since is None or midnight(span.first) < self.since


@dataclass(frozen=True)
class Report:
    """A report. ``minutes``: of RA time that each unlock saves, as the site says."""

    period: Period
    chosen: Chosen
    minutes: int
    reach: Reach
    lines: Sequence[Line]
    places: Mapping[Place, Figures]

    @cached_property
    def total(self) -> Figures:
        """Of the whole period."""
        return _sum(self.places.values())

    @cached_property
    def organisations(self) -> dict[str, Figures]:
        """By organisation, in alphabetical order."""
        names = sorted({place.organisation for place in self.places})
        return {
            name: _sum(figures for place, figures in self.places.items() if place.organisation == name)
            for name in names
        }

    @property
    def saved(self) -> int:
        """Minutes of RA time that the unlocks have saved."""
        return self.total[Measure.UNLOCKS] * self.minutes


def _sum(figures: Iterable[Figures]) -> Figures:
    total = Figures()
    for one in figures:
        total.add(one)
    return total


def median(times: Counter[int]) -> int | None:
    """The median of a histogram; the lower one of two in the middle."""
    left = (times.total() + 1) // 2
    for value in sorted(times):
        left -= times[value]
        if left <= 0:
            return value
    return None


def lasted(seconds: int | None) -> str:
    """A time for people: "1 min 48 s"."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(seconds, _MINUTE)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def hours(minutes: int) -> str:
    """A time for people: "128 h 40 min"."""
    whole, rest = divmod(minutes, _MINUTE)
    return f"{whole:,} h {rest:02} min" if whole else f"{rest} min"
