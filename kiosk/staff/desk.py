"""The officer's desk, as the screens know it: finding a holder, one page about them, and helping them.

Whatever is done there is a `Deed`: what it will do is told before (`Desk.foresee`), and it asks for a reason,
and where it is dangerous for the holder's id. The room that does it is in `kiosk.staff.rooms`; it checks the
role and the id, and writes the audit events. Nothing here holds a passcode, an answer, an emailed code or an
unblock secret; an assistance code is in `Done`, once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from pydantic import SecretStr


@dataclass(frozen=True)
class Found:
    """A holder as a search lists them; ``email`` is the RA's. Times are UTC."""

    holder_id: str = field(repr=False)
    name: str = field(repr=False)
    email: str = field(repr=False)
    blocked_at: datetime | None


@dataclass(frozen=True)
class DeskCard:
    """A card of a holder, in the words of 'kiosk card list'; ``number`` names it in a `Deed`.

    ``unblock_secret`` is "nearly spent" where the card has lately told that too few tries of it are left.
    """

    number: str = field(repr=False)
    state: str  # active, suspended, revoked
    unblock_secret: str  # kept, derived, none, unfit, being replaced, refused, nearly spent
    proves_itself: str  # always, after the passcode, when unlocked, no
    added_at: datetime


@dataclass(frozen=True)
class EventLine:
    """An event of the audit trail that is about the holder. ``card`` is empty where it is about none."""

    at: datetime
    event: str  # as docs/audit.md lists them
    outcome: str  # ok, refused, failed, unknown, alarm
    reason: str
    kiosk: str
    visit: str
    actor: str
    card: str = field(repr=False)
    detail: str  # such as "attempts_left 2"


@dataclass(frozen=True)
class Page:
    """All that an officer sees of a holder. Times are UTC.

    ``email`` is the RA's, whole; ``own_email`` the one they have registered, masked, empty where they have
    none. ``may_unlock_from``: a registration of that time is held until then; None: at once.
    ``assistance_ends`` is set while an assistance code waits. ``events``: the newest first. ``shut`` names
    what is kept of them and cannot be read.
    """

    holder_id: str = field(repr=False)
    name: str = field(repr=False)
    email: str = field(repr=False)
    own_email: str
    registered_at: datetime | None
    may_unlock_from: datetime | None
    attempts_left: int
    attempts: int  # that there are, of the setting unlock.attempts
    blocked_at: datetime | None
    assistance_ends: datetime | None
    added_at: datetime
    cards: tuple[DeskCard, ...]
    events: tuple[EventLine, ...]
    shut: tuple[str, ...] = ()


class Act(Enum):
    """What can be done at the desk."""

    ADD = "add"  # a holder
    CLEAR_BLOCK = "clear-block"
    SET_EMAIL = "set-email"
    ASSIST = "assist"
    WITHDRAW = "withdraw"
    SUSPEND = "suspend"
    REVOKE = "revoke"
    ACTIVATE = "activate"
    CLEAR_SECRET = "clear-secret"  # noqa: S105 - what is done, not a password
    ENROL = "enrol"  # the card in the reader
    REPLACE = "replace"  # the card in the reader takes the place of another, which is revoked


class How(Enum):
    """Where the unblock secret of a card that is enrolled comes from."""

    FRESH = "fresh"  # made at random, and set on the card; what is typed lets it be set
    GIVEN = "given"  # it is typed, and kept
    NONE = "none"  # none is typed: it is derived, stays the one that is kept, or there is none


@dataclass(frozen=True)
class Way:
    """A way to enrol the card in the reader. ``asks``: what has to be typed, such as "PUK"; empty: nothing.

    ``told`` says in a sentence what it is for.
    """

    how: How
    asks: str
    told: str


@dataclass(frozen=True)
class CardSeen:
    """The card in the reader, as it was read. ``lines``: label and text of what it says of itself.

    ``holder_id`` and ``holder_name`` are its holder's, empty where the store does not know it. ``ways``: the
    best first; empty where such a card cannot be enrolled, and ``trouble`` says why. ``lacking`` says why no
    random secret can be set on it now. ``other_key``: it shows another key than the one pinned for it, so it
    may be a copy; `Deed.replace_key` takes it all the same. ``staff``: whose staff card it is.
    """

    number: str = field(repr=False)
    holder_id: str = field(repr=False)
    holder_name: str = field(repr=False)
    state: str
    lines: tuple[tuple[str, str], ...] = field(repr=False)
    ways: tuple[Way, ...]
    trouble: str = ""
    lacking: str = ""
    other_key: bool = False
    staff: str = ""


@dataclass(frozen=True)
class AtReader:
    """The reader at the desk. ``card`` None: ``hint`` says what to do, or what went wrong."""

    card: CardSeen | None
    hint: str = ""


@dataclass(frozen=True)
class Deed:
    """What is to be done, all of it but the reason and what is secret.

    ``card``: the one it is about, for the acts on a card; of REPLACE the one that gives way. ``name``: for
    ADD; ``email``: for ADD (may be empty) and SET_EMAIL. ``new_card``, ``how`` and ``replace_key``: for ENROL
    and REPLACE, about the card in the reader, which `Desk.reader` has told.
    """

    act: Act
    holder_id: str = field(repr=False)
    card: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    new_card: str = field(default="", repr=False)
    how: How = How.NONE
    replace_key: bool = False


@dataclass(frozen=True)
class Foreseen:
    """What a deed will do to this very holder, a sentence each. ``dangerous``: their id has to be typed."""

    lines: tuple[str, ...] = field(repr=False)
    dangerous: bool


@dataclass(frozen=True)
class Done:
    """What is true now, a sentence each. ``code``: an assistance code, shown once; ``ends`` is UTC."""

    lines: tuple[str, ...] = field(repr=False)
    code: SecretStr | None = None
    ends: datetime | None = None


@dataclass(frozen=True)
class Grounds:
    """What the officer has typed for a deed: ``given`` is what its `Way` asks for, as it was typed."""

    reason: str
    typed_id: str = field(default="", repr=False)
    given: SecretStr | None = None


class Desk(Protocol):
    """Finds holders, and helps them. Every method may raise NotAllowed, StaffProblem and StoreUnavailable."""

    async def elsewhere(self) -> str:
        """Why none of this can be done on this machine, in words; empty where it can.

        At a kiosk of a fleet it cannot: the database does not let kiosks change people.
        """

    async def find(self, text: str) -> tuple[Found, ...]:
        """The holders of that id, address, card or visit, or whose name has all these words; at most 200.

        By id. Raises StaffProblem for the reference of a visit that leads to nobody, and says why.
        """

    async def page(self, holder_id: str) -> Page:
        """One holder. Raises StaffProblem where there is none of that id."""

    def reader(self) -> AsyncIterator[AtReader]:
        """The card in the reader, read whenever another one goes in; what is missing while there is none."""

    async def foresee(self, deed: Deed) -> Foreseen:
        """What the deed would do. Raises StaffProblem, which says why, where it cannot be done."""

    async def carry_out(self, deed: Deed, grounds: Grounds) -> Done:
        """Do it. Raises StaffProblem: nothing was done, but where it says otherwise; CardIOError, CardError.

        A card in the reader that is enrolled has to stay in. Nothing cuts this off once it has begun.
        """
