"""Everything a journey asks or tells: one frozen dataclass per screen.

A step carries data and enums, never sentences. `Step[A]` is answered with an `A`; Esc, patience
run out and card out are not answers, they end the journey (see `kiosk.dialogue`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import ClassVar, Generic, TypeVar

from pydantic import SecretStr

from cardio.card import PasscodeFormat
from kiosk.refusals import AnswerRule, CodeRefusal, EmailRule, OutOfService, PasscodeRule, Why

A = TypeVar("A")


class Patience(Enum):
    """How long a step waits before the person is taken to be gone; seconds are in kiosk.toml."""

    CHOICE = "choice"
    ENTRY = "entry"
    ANSWERS = "answers"
    CODE = "code"
    HELP = "help"  # a dead end: a phone number or a reference is copied down
    END = "end"


class Offer(Enum):
    """A journey a holder can choose; also the name of the journey in progress."""

    REGISTER = "register"
    UNLOCK = "unlock"
    FORGOTTEN = "forgotten"
    CHANGE_PASSCODE = "change-passcode"
    CHANGE_DETAILS = "change-details"
    WITHDRAW = "withdraw"
    ASSISTANCE = "assistance"


class Purpose(Enum):
    """What a code, or a passcode asked for, is for."""

    REGISTER = "register"
    UNLOCK = "unlock"
    CHANGE_PASSCODE = "change-passcode"
    CHANGE_DETAILS = "change-details"  # proves the address on file
    CHANGE_EMAIL = "change-email"  # proves a new address
    WITHDRAW = "withdraw"
    SETTLE = "settle"  # the passcode chosen when a write's answer was lost


@dataclass(frozen=True)
class Place:
    """Step ``step`` of ``of`` in a journey, both from 1."""

    journey: Offer
    step: int
    of: int


@dataclass(frozen=True, kw_only=True)
class Step(Generic[A]):
    """One screen of a journey. ``place`` is None on screens that belong to none."""

    patience: ClassVar[Patience] = Patience.ENTRY
    confirm_stop: ClassVar[bool] = False  # Esc asks once, because something would be lost
    place: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Welcome(Step[Offer]):
    """What this card can have done. ``note``: why something is not offered."""

    patience: ClassVar[Patience] = Patience.CHOICE
    first_name: str = field(repr=False)
    offers: tuple[Offer, ...]
    note: Why | None = None
    locked: bool = False


@dataclass(frozen=True, kw_only=True)
class SeeRA(Step[None]):
    """A dead end: who can help, where, when, and a reference to quote."""

    patience: ClassVar[Patience] = Patience.HELP
    why: Why
    reference: str


@dataclass(frozen=True, kw_only=True)
class Privacy(Step[None]):
    """What is kept, why, how long, how to withdraw. Answered = accepted.

    ``texts`` has the site's own paragraphs by language, for the view to choose from.
    """

    patience: ClassVar[Patience] = Patience.ANSWERS
    texts: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class EnterPasscode(Step[SecretStr]):
    """The present passcode, checked by the card. ``tries_left`` None where it does not tell."""

    purpose: Purpose
    tries_left: int | None
    wrong: bool = False
    too_short: bool = False  # nothing was sent to the card, no try was lost
    code_waits: bool = False  # an emailed code is under way, which is asked for later
    format: PasscodeFormat


@dataclass(frozen=True, kw_only=True)
class LastTry(Step[bool]):
    """One try is left: a wrong passcode now locks the card. True = go on."""

    patience: ClassVar[Patience] = Patience.CHOICE


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A question by its id, and the answer as typed."""

    question: str
    answer: SecretStr


@dataclass(frozen=True, kw_only=True)
class SetQuestions(Step[tuple[Answered, ...]]):
    """Choose ``count`` questions of the catalogue and answer them, all on one screen.

    ``kept`` is what was typed before, ``refusals`` one entry per row (None = that row is fine).
    """

    patience: ClassVar[Patience] = Patience.ANSWERS
    confirm_stop: ClassVar[bool] = True
    catalogue: tuple[str, ...]
    count: int = 4
    kept: tuple[Answered, ...] = ()
    refusals: tuple[AnswerRule | None, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ConfirmEmail(Step[str | None]):
    """The address codes go to. Answer: None = the one shown (only if ``masked``), or a new one.

    ``domains`` is what is approved; ``typed`` the refused entry, to be mended.
    """

    confirm_stop: ClassVar[bool] = True
    masked: str | None
    may_overwrite: bool
    domains: tuple[str, ...]
    refusal: EmailRule | None = None
    typed: str = field(default="", repr=False)


class CodeChoice(Enum):
    """What can be done at the code besides entering it."""

    SEND_AGAIN = "send-again"
    SOMETHING_ELSE = "something-else"


@dataclass(frozen=True, kw_only=True)
class EnterCode(Step[SecretStr | CodeChoice]):
    """The emailed code, 8 digits. Times are UTC. ``resend_at`` None = no further mail in this visit.

    ``tries_left`` is told after a wrong entry. ``something_else``: offer to leave the code for later.
    """

    patience: ClassVar[Patience] = Patience.CODE
    purpose: Purpose
    masked: str
    expires_at: datetime
    resend_at: datetime | None
    digits: int = 8
    refusal: CodeRefusal | None = None
    tries_left: int | None = None
    something_else: bool = False


@dataclass(frozen=True, kw_only=True)
class CodeNotSent(Step[bool]):
    """The mail server did not take the mail. True = try again, False = the RA's contact."""

    patience: ClassVar[Patience] = Patience.CHOICE
    masked: str


@dataclass(frozen=True, kw_only=True)
class AnswerQuestions(Step[tuple[SecretStr, ...]]):
    """The holder's own questions, by id; one submission = one attempt. ``wrong`` after a failed one.

    ``explain``: say first what an unlock needs (answers, and the mail within ``code_minutes``).
    """

    patience: ClassVar[Patience] = Patience.ANSWERS
    confirm_stop: ClassVar[bool] = True
    questions: tuple[str, ...]
    attempts_left: int
    wrong: bool = False
    explain: bool = False
    code_minutes: int = 15


@dataclass(frozen=True, kw_only=True)
class EnterAssistance(Step[SecretStr]):
    """The RA's assistance code, 10 digits, in place of the security questions."""

    digits: int = 10
    refusal: CodeRefusal | None = None
    tries_left: int | None = None


@dataclass(frozen=True, kw_only=True)
class NewPasscode(Step[tuple[SecretStr, SecretStr]]):
    """A passcode of the holder's own, entered twice; both entries are the answer."""

    confirm_stop: ClassVar[bool] = True
    format: PasscodeFormat
    refusal: PasscodeRule | None = None


class Proof(Enum):
    """A way to show who one is; the values are those of ``unlock.proofs`` in kiosk.toml."""

    QUESTIONS = "questions"
    EMAIL_CODE = "email-code"


@dataclass(frozen=True, kw_only=True)
class ChooseProof(Step[Proof]):
    """Which of the proofs that are possible the holder wants to give."""

    patience: ClassVar[Patience] = Patience.CHOICE
    proofs: tuple[Proof, ...]
    masked: str | None


class Detail(Enum):
    """What "Change my questions or email" changes."""

    QUESTIONS = "questions"
    EMAIL = "email"


@dataclass(frozen=True, kw_only=True)
class ChooseDetail(Step[Detail]):
    """Questions or email?"""

    patience: ClassVar[Patience] = Patience.CHOICE


@dataclass(frozen=True, kw_only=True)
class ConfirmWithdraw(Step[bool]):
    """What withdrawing erases; True = do it, False = keep everything."""

    patience: ClassVar[Patience] = Patience.CHOICE


class Ending(Enum):
    """What is now true."""

    REGISTERED = "registered"
    UNLOCKED = "unlocked"
    PASSCODE_CHANGED = "passcode-changed"
    QUESTIONS_CHANGED = "questions-changed"
    EMAIL_CHANGED = "email-changed"
    WITHDRAWN = "withdrawn"
    CARD_WORKS = "card-works"  # an uncertain write turned out well
    OLD_PASSCODE = "old-passcode"  # an uncertain write did not happen: the old passcode may hold


@dataclass(frozen=True, kw_only=True)
class Finished(Step[None]):
    """The end of a journey that went well. ``usable_from``: a registration that must wait first."""

    patience: ClassVar[Patience] = Patience.END
    ending: Ending
    masked: str | None = None
    usable_from: datetime | None = None


class Activity(Enum):
    """What the kiosk is doing between two questions."""

    READING_CARD = "reading-card"
    CHECKING_PASSCODE = "checking-passcode"
    CHECKING_ANSWERS = "checking-answers"
    CHECKING_CODE = "checking-code"
    SENDING_MAIL = "sending-mail"
    WRITING_CARD = "writing-card"  # amber: leave the card in, nothing can be pressed
    SAVING = "saving"


@dataclass(frozen=True)
class Busy:
    """Work under way; ``masked`` is where a mail goes. ``place`` keeps the progress row steady."""

    activity: Activity
    masked: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class Scene:
    """What is shown while no journey runs."""


@dataclass(frozen=True)
class Attract(Scene):
    """Put your smartcard in the reader. ``cut_off``: the last one was taken out while it was written to."""

    cut_off: bool = False


@dataclass(frozen=True)
class OneMoment(Scene):
    """A card went in while the last visit is still being put away."""


@dataclass(frozen=True)
class TakeCard(Scene):
    """The visit is over and the card still in the reader. ``returned``: why the visit ended."""

    timed_out: bool = False


@dataclass(frozen=True)
class Closed(Scene):
    """Out of service, with the RA's contact. ``card_in``: somebody's card is still in the reader.

    ``note``: what a technician wants people to read.
    """

    reason: OutOfService
    card_in: bool = False
    note: str = ""
