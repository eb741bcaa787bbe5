"""Signing in and out, as the screens see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from pydantic import SecretStr

from kiosk.staff.seen import Session


class Why(Enum):
    """Why somebody was not let in."""

    WRONG = "wrong"  # name or password, or that role needs its card here: nobody is told which
    WAIT = "wait"
    NOT_STAFF = "not-staff"  # the card in the reader is no staff card, or its account is disabled
    PASSCODE_WRONG = "passcode-wrong"
    LAST_TRY = "last-try"  # the card has one left, and nobody has said that they are sure
    PASSCODE_LOCKED = "passcode-locked"
    NOT_GENUINE = "not-genuine"  # its key is not the one that was pinned
    CARD_FAILED = "card-failed"  # no card, or it cannot be talked to


@dataclass(frozen=True)
class Refused:
    """Not let in. ``until``: no try is looked at before; ``tries_left``: of the card's passcode."""

    why: Why
    until: datetime | None = None
    tries_left: int | None = None


class Leaving(Enum):
    """Why somebody was signed out."""

    ASKED = "asked"
    IDLE = "idle"
    CLOSING = "closing"
    SHUT = "shut"  # the account was disabled, or changed its role, meanwhile


class Lobby(Protocol):
    """Where staff come in. While somebody is here no journey begins."""

    @property
    def card(self) -> int | None:
        """The card in the reader: a number that the next one does not have. None: there is none."""

    @property
    def reads_cards(self) -> bool:
        """Whether there is a reader that a card could be put into."""

    def enter(self) -> bool:
        """Take the kiosk between two visits; False while somebody is being served."""

    async def by_password(self, name: str, password: SecretStr) -> Session | Refused:
        """Sign in with a name and its password. Raises StoreUnavailable."""

    async def by_card(self, passcode: SecretStr, card: int, *, last_try: bool = False) -> Session | Refused:
        """Sign in with that card, if it is still in the reader. Raises StoreUnavailable.

        ``last_try``: whoever types it was told that it is the card's last one.
        """

    def shut(self) -> None:
        """They are leaving: nothing more can be begun."""

    async def standing(self) -> bool:
        """Whether whoever is signed in may still be. Raises StoreUnavailable."""

    async def leave(self, why: Leaving) -> None:
        """Sign out, and give the kiosk back."""
