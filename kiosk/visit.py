"""One presence of one card in the reader, and what was known when it went in.

All frozen: a journey holds facts and ids, never a row or a transaction.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from cardio.card import CardId, PasscodeFormat
from kiosk.audit import Subject
from kiosk.steps import Purpose
from kiosk.storage.models import CardState

DRAFTED = (Purpose.REGISTER, Purpose.CHANGE_EMAIL)  # their code confirms what was entered before it
_LETTERS = "23456789BCDFGHJKMNPQRSTVWXZ"  # nothing that is misread, no vowels: no words
_REFERENCE = re.compile(f"[{_LETTERS}]{{6}}")


def new_reference() -> str:
    """A short reference that a person can read out, such as "H4K-92Q"."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(6))
    return f"{letters[:3]}-{letters[3:]}"


def reference_in(typed: str) -> str:
    """The reference that somebody has typed, in capitals or not and however set apart; empty: it is none."""
    letters = "".join(filter(str.isalnum, typed.upper()))
    return f"{letters[:3]}-{letters[3:]}" if _REFERENCE.fullmatch(letters) else ""


class Belief(Enum):
    """How far a card is taken for the one that the store knows."""

    PROVEN = "proven"  # it has proven so, or the site asks for no proof
    MUTUAL = "mutual"  # it is to prove so by its unblock secret, right before that is used
    BELIEVED = "believed"  # by its number: only a secret that is its alone may be sent, and is then replaced
    LATER = "later"  # a CA has to vouch for it, which can only be seen after the passcode
    DOUBTED = "doubted"  # it is sent none: the site demands a proof first, or the secret is not its alone

    @property
    def may_have_secret(self) -> bool:
        """Whether an unblock secret may be sent to the card."""
        return self in (Belief.PROVEN, Belief.MUTUAL, Belief.BELIEVED)

    @property
    def may_register(self) -> bool:
        """Whether a registration may ever lead to an unlock; it pins the card's key on the way."""
        return self is not Belief.DOUBTED


@dataclass(frozen=True)
class OpenWrite:
    """A card write of which it is not known whether it happened; or that is ``done``, and was not told.

    ``answered``: something said that it was done, and has still to prove that it is the enrolled card.
    """

    id: int
    purpose: Purpose
    was_locked: bool
    unblock_tries: int | None
    done: bool = False
    answered: bool = False


@dataclass(frozen=True)
class Pending:
    """What an earlier step reached for this card: proofs given, a code under way. Times are UTC."""

    id: int
    purpose: Purpose
    email: str = field(repr=False)
    code_expires_at: datetime | None  # None: no usable code
    sent_at: datetime | None
    questions_at: datetime | None
    assisted: bool


@dataclass(frozen=True)
class Known:
    """A card of the store and its holder. ``card`` and ``holder`` are row ids, the keys are for the audit."""

    id: CardId
    card: int
    card_key: str
    state: CardState
    public_key: bytes | None = field(repr=False)  # proves without a passcode
    has_unblock_secret: bool  # stored or derived, opens, and was never refused
    holder: int
    holder_key: str
    holder_id: str = field(repr=False)
    name: str = field(repr=False)
    attempts_left: int
    blocked: bool
    ra_email: str = field(repr=False)
    own_email: str = field(repr=False)  # confirmed by a code; empty where not registered
    questions: tuple[str, ...]  # ids; empty where not registered
    registered: bool
    usable_from: datetime | None
    assistance: bool  # an assistance code is waiting
    pending: tuple[Pending, ...]
    open_write: OpenWrite | None
    passcode_key: bytes | None = field(default=None, repr=False)  # proves after the right passcode
    secret_shared: bool = False  # other cards are kept with the same unblock secret
    secret_proven: bool = False  # the card has accepted this unblock secret
    mutual_proven: bool = False  # and proven by it that it knows it
    secret_unsettled: bool = False  # a new one was begun: which of the two the card holds is not known
    shut: tuple[str, ...] = ()  # what is kept of card and holder, and does not open: the RA has to help
    selftest: bool = False

    @property
    def email(self) -> str:
        """Where codes go: the holder's confirmed address, else the RA's; may be empty."""
        return self.own_email or self.ra_email

    @property
    def first_name(self) -> str:
        """All of the name that is ever shown."""
        return next(iter(self.name.split()), "")


@dataclass(frozen=True)
class Sight:
    """What the card itself says. Tries are None where it does not tell."""

    id: CardId
    tries_left: int | None
    unblock_tries: int | None
    passcode_format: PasscodeFormat
    certificate_ends: datetime | None
    belief: Belief = Belief.DOUBTED

    @property
    def locked(self) -> bool:
        """Whether the passcode's try counter is at zero."""
        return self.tries_left == 0


@dataclass(frozen=True)
class Visit:
    """One presence of one card; ``insertion`` is the reader's number for it."""

    reference: str
    insertion: int
    known: Known
    sight: Sight

    @property
    def about(self) -> Subject:
        """The subject of this visit's audit events."""
        known = self.known
        return Subject(known.holder_key, known.card_key, self.reference, selftest=known.selftest)

    def pending(self, purpose: Purpose) -> Pending | None:
        """What is pending for a purpose."""
        return next((each for each in self.known.pending if each.purpose is purpose), None)

    def afresh(self) -> Visit:
        """The visit of somebody who begins anew what had been drafted: its code is not gone on with."""
        kept = tuple(each for each in self.known.pending if each.purpose not in DRAFTED)
        return self.with_known(replace(self.known, pending=kept))

    def with_known(self, known: Known) -> Visit:
        """The same visit with what the store says now."""
        return replace(self, known=known)
