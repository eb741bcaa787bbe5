"""The two things a card needs: a reader that says what lies in it, and a channel to talk through.

Both are Protocols. `cardio.pcsc` implements them on a real PC/SC service, `cardio.virtual`
in this process; `tests/contracts` holds one body of tests for both.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from cardio.apdu import Command, Response, Send


class State(Enum):
    """What the reader sees."""

    NO_SERVICE = "no-service"  # the card service (pcscd) is not running
    NO_READER = "no-reader"  # the service runs, no reader is plugged in
    SEVERAL = "several"  # readers are plugged in, and nothing says which of them to take
    EMPTY = "empty"
    CARD = "card"
    MUTE = "mute"  # something is in the slot and does not answer to reset
    BROKEN = "broken"  # a command never returned: this process cannot use the reader again

    @property
    def has_reader(self) -> bool:
        """Whether there is a reader that a card could be put into, or is in."""
        return self in (State.EMPTY, State.CARD, State.MUTE)


@dataclass(frozen=True)
class Presence:
    """The reader at one moment.

    ``insertion`` counts presences of cards since the reader was opened, from 1: it grows by one
    each time a card goes in (also when two like cards are swapped between two looks), and keeps
    the number of the last one while the slot is empty. Two equal Presences are the same presence.
    """

    state: State
    insertion: int = 0
    atr: bytes = b""


Tap = Callable[[Send], Send]
"""Listens to a reader: is given what carries the APDUs of a session, and returns what is to carry them."""


class Channel(Protocol):
    """One exclusive session with the card of one insertion."""

    @property
    def atr(self) -> bytes:
        """The card's answer to reset (ISO 7816-3, 8)."""

    async def transmit(self, command: Command) -> Response:
        """Send one command, follow 61xx and 6Cxx, and return its whole answer.

        Once begun it always runs to its end: a caller that is cancelled meanwhile gets CancelledError
        only when the command has ended, and then has to ask the card what came of it. Raises CardRemoved,
        CardReset, ReaderGone, ReaderBroken or ProtocolError; never for a status word.
        """


class Reader(Protocol):
    """One card slot. ``tap`` listens to the sessions that begin while it is set."""

    tap: Tap | None

    @property
    def name(self) -> str:
        """What the card service calls the reader; empty while there is none."""

    @property
    def virtual(self) -> bool:
        """Whether no metal is involved: shown to people as a permanent banner."""

    @property
    def presence(self) -> Presence:
        """What was last seen."""

    async def changed(self, seen: Presence) -> Presence:
        """Wait until the presence differs from ``seen`` and return it; at once if it already does."""

    def session(self, insertion: int) -> AbstractAsyncContextManager[Channel]:
        """Take the card of that insertion exclusively; it is reset when the session ends.

        Raises CardRemoved if that insertion is over, ReaderGone, ReaderBusy or ReaderBroken.
        """

    async def plugged_in(self) -> tuple[str, ...]:
        """The names of every reader that the card service has, this one among them. Raises ReaderGone."""

    async def aclose(self) -> None:
        """Stop watching; waits for a session under way. Safe to call twice."""
