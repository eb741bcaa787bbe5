"""Following the audit chain event by event, in constant memory, up to its first bad link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from kiosk.chain import Chain, Head


class Flaw(Enum):
    """What is wrong with a link."""

    MISSING = "missing"  # a later event follows
    OUT_OF_ORDER = "out-of-order"  # an earlier one follows, or the same again
    ALTERED = "altered"  # the MAC is not of this event, this place, this store and this pepper
    PREVIOUS = "wrong-previous"  # whole, but not made to follow the event before it
    UNREADABLE = "unreadable"  # not even an event any more
    CLOSED = "before-checkpoint"  # in a segment that was closed, and still, or again, there
    CHECKPOINT = "bad-checkpoint"  # the signature is wrong, or it does not follow the one before
    OTHER_HEAD = "other-head"  # not the event that the given head was
    CUT = "cut"  # the chain ends before the given head


@dataclass(frozen=True)
class Fault:
    """The first bad link."""

    seq: int
    flaw: Flaw


@dataclass(frozen=True)
class Verified:
    """How far the chain is whole: ``count`` events, after ``start``, up to ``head``."""

    count: int
    start: Head
    head: Head
    fault: Fault | None = None


class Follower:
    """Takes event after event. ``expected``: a head from elsewhere, with which the chain is compared."""

    def __init__(self, chain: Chain, store: str, start: Head, expected: Head | None = None) -> None:
        self._chain = chain
        self._store = store
        self._start = self._head = start
        self._expected = expected
        self._count = 0
        self._fault = self._other(start)

    @property
    def next(self) -> int:
        """The number of the event that has to follow."""
        return self._head.seq + 1

    @property
    def broken(self) -> bool:
        """Whether a bad link was found."""
        return self._fault is not None

    def follow(self, event: Mapping[str, Any]) -> bool:
        """Whether the chain is whole up to this event (as `kiosk.chain.plain` gives it)."""
        self._fault = self._fault or self._flaw(event)
        if self._fault is None:
            self._count += 1
        return not self.broken

    def unreadable(self) -> None:
        """What should be the next event cannot be read."""
        self._fault = self._fault or Fault(self.next, Flaw.UNREADABLE)

    def end(self) -> Verified:
        """Nothing follows."""
        if self._fault is None and self._expected and self._expected.seq > self._head.seq:
            self._fault = Fault(self.next, Flaw.CUT)
        return Verified(self._count, self._start, self._head, self._fault)

    def _flaw(self, event: Mapping[str, Any]) -> Fault | None:
        seq = event["seq"]
        if seq <= self._start.seq:
            return Fault(seq, Flaw.CLOSED)
        if seq > self.next:
            return Fault(self.next, Flaw.MISSING)
        if seq < self.next:
            return Fault(seq, Flaw.OUT_OF_ORDER)
        if event["store"] != self._store or event["mac"] != self._chain.mac(event):
            return Fault(seq, Flaw.ALTERED)
        if event["previous"] != self._head.mac:
            return Fault(seq, Flaw.PREVIOUS)
        head = Head(seq, event["mac"])
        if (fault := self._other(head)) is None:
            self._head = head  # which is not where the given one's trail went on
        return fault

    def _other(self, head: Head) -> Fault | None:
        expected = self._expected
        if expected and expected.seq == head.seq and expected != head:
            return Fault(head.seq, Flaw.OTHER_HEAD)
        return None
