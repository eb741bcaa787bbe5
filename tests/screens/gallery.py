"""Every screen of the kiosk in its important states: for the tests, and for the pictures of the docs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from pydantic import SecretStr

from cardio.card import PasscodeFormat
from kiosk.privacy import PRIVACY_CY, PRIVACY_EN
from kiosk.proofs.questions import CATALOGUE
from kiosk.refusals import AnswerRule, CodeRefusal, EmailRule, OutOfService, PasscodeRule, Why
from kiosk.steps import (
    Activity,
    Answered,
    AnswerQuestions,
    Attract,
    Busy,
    ChooseDetail,
    ChooseProof,
    Closed,
    CodeNotSent,
    ConfirmEmail,
    ConfirmWithdraw,
    Ending,
    EnterAssistance,
    EnterCode,
    EnterPasscode,
    Finished,
    LastTry,
    NewPasscode,
    Offer,
    OneMoment,
    Place,
    Privacy,
    Proof,
    Purpose,
    Scene,
    SeeRA,
    SetQuestions,
    Step,
    TakeCard,
    Welcome,
)

NOW = datetime(2026, 11, 24, 14, 32, tzinfo=UTC)
MASKED = "a…n@nhs.net"
QUESTIONS = ("first-school", "childhood-street", "first-car", "first-manager")
DOMAINS = ("nhs.net", "gov.uk", "mod.uk")
FORMAT = PasscodeFormat()
SPELLED = PasscodeFormat(6, 32, "".join(map(chr, range(0x20, 0x7F))))
_PICTURED: frozenset[Enum] = frozenset(
    {
        OutOfService.STARTING,
        OutOfService.NO_READER,
        PasscodeRule.RUN,
        Why.BLOCKED,
        Why.PUT_BACK,
        Ending.REGISTERED,
        Ending.UNLOCKED,
        Ending.OLD_PASSCODE,
    }
)


@dataclass(frozen=True)
class Sample:
    """A screen to look at. ``keys`` are pressed first, ``idle`` seconds pass; ``touch``: in touch mode.

    ``picture``: it has a snapshot, and a place in the docs; the others differ in a sentence only.
    """

    name: str
    shown: Step[Any] | Scene | Busy
    keys: Sequence[str] = ()
    idle: float = 0.0
    touch: bool = False
    picture: bool = True


def _at(journey: Offer, step: int, of: int) -> Place:
    return Place(journey, step, of)


def _code(**changes: object) -> EnterCode:
    given: dict[str, object] = {
        "place": _at(Offer.UNLOCK, 2, 3),
        "purpose": Purpose.UNLOCK,
        "masked": MASKED,
        "expires_at": NOW + timedelta(minutes=13, seconds=41),
        "resend_at": NOW + timedelta(seconds=21),
    }
    return EnterCode(**(given | changes))  # type: ignore[arg-type]


def _answers(**changes: object) -> AnswerQuestions:
    given: dict[str, object] = {
        "place": _at(Offer.UNLOCK, 1, 3),
        "questions": QUESTIONS,
        "attempts_left": 3,
    }
    return AnswerQuestions(**(given | changes))  # type: ignore[arg-type]


def _questions(**changes: object) -> SetQuestions:
    return SetQuestions(place=_at(Offer.REGISTER, 3, 5), catalogue=tuple(CATALOGUE), **changes)  # type: ignore[arg-type]


def _new(**changes: object) -> NewPasscode:
    return NewPasscode(place=_at(Offer.UNLOCK, 3, 3), format=FORMAT, **changes)  # type: ignore[arg-type]


def _passcode(**changes: object) -> EnterPasscode:
    given: dict[str, object] = {
        "place": _at(Offer.REGISTER, 2, 5),
        "purpose": Purpose.REGISTER,
        "tries_left": 3,
        "format": FORMAT,
    }
    return EnterPasscode(**(given | changes))  # type: ignore[arg-type]


def _email(**changes: object) -> ConfirmEmail:
    given: dict[str, object] = {
        "place": _at(Offer.REGISTER, 4, 5),
        "masked": MASKED,
        "may_overwrite": True,
        "domains": DOMAINS,
    }
    return ConfirmEmail(**(given | changes))  # type: ignore[arg-type]


_KEPT = tuple(
    Answered(question=question, answer=SecretStr(answer))
    for question, answer in zip(QUESTIONS, ("Hill Road", "Elm Row", "Hill Road", "X"), strict=True)
)

_SCENES = (
    Sample("attract", Attract()),
    Sample("attract-cut-off", Attract(cut_off=True)),
    Sample("attract-help", Attract(), keys=("f1",)),
    Sample("one-moment", OneMoment()),
    Sample("take-card", TakeCard()),
    Sample("take-card-timed-out", TakeCard(timed_out=True)),
    *(
        Sample(f"closed-{reason.value}", Closed(reason), picture=reason in _PICTURED)
        for reason in OutOfService
    ),
    Sample("closed-card-in", Closed(OutOfService.STORE, card_in=True)),
)
_BUSY = (
    *(
        Sample(f"busy-{one.value}", Busy(one, masked=MASKED, place=_at(Offer.UNLOCK, 2, 3)))
        for one in Activity
    ),
    Sample("busy-no-place", Busy(Activity.READING_CARD)),
)
_CHOICES = (
    Sample(
        "welcome-registered",
        Welcome(
            first_name="Ann",
            offers=(Offer.CHANGE_PASSCODE, Offer.FORGOTTEN, Offer.CHANGE_DETAILS, Offer.WITHDRAW),
        ),
    ),
    Sample(
        "welcome-new",
        Welcome(first_name="Ann", offers=(Offer.REGISTER, Offer.CHANGE_PASSCODE)),
        keys=("down",),
    ),
    Sample("welcome-locked", Welcome(first_name="Ann", offers=(Offer.UNLOCK,), locked=True)),
    Sample(
        "welcome-locked-not-registered",
        Welcome(first_name="Ann", offers=(Offer.ASSISTANCE,), locked=True, note=Why.PROOF_MISSING),
    ),
    Sample(
        "welcome-full",
        Welcome(
            first_name="Ann",
            offers=(
                Offer.UNLOCK,
                Offer.ASSISTANCE,
                Offer.CHANGE_PASSCODE,
                Offer.CHANGE_DETAILS,
                Offer.WITHDRAW,
            ),
            note=Why.NO_UNBLOCK,
            locked=True,
        ),
    ),
    *(
        Sample(
            f"welcome-note-{why.value}",
            Welcome(first_name="Ann", offers=(Offer.CHANGE_PASSCODE, Offer.ASSISTANCE), note=why),
            picture=False,
        )
        for why in Why
    ),
    Sample("last-try", LastTry(place=_at(Offer.REGISTER, 2, 5))),
    Sample(
        "choose-proof",
        ChooseProof(
            place=_at(Offer.CHANGE_DETAILS, 2, 4), proofs=(Proof.QUESTIONS, Proof.EMAIL_CODE), masked=MASKED
        ),
    ),
    Sample("choose-proof-questions", ChooseProof(proofs=(Proof.QUESTIONS,), masked=None), picture=False),
    Sample("choose-detail", ChooseDetail(place=_at(Offer.CHANGE_DETAILS, 3, 4))),
    Sample("confirm-withdraw", ConfirmWithdraw(place=_at(Offer.WITHDRAW, 3, 3))),
    Sample("code-not-sent", CodeNotSent(place=_at(Offer.UNLOCK, 2, 3), masked=MASKED)),
    Sample("choice-idle", LastTry(place=_at(Offer.REGISTER, 2, 5)), idle=45.0),
)
_PASSCODES = (
    Sample("passcode", _passcode(), keys=("1", "2", "3")),
    Sample("passcode-code-waits", _passcode(code_waits=True)),
    Sample("passcode-shown", _passcode(), keys=("1", "2", "3", "f6")),
    Sample("passcode-wrong", _passcode(wrong=True, tries_left=2)),
    Sample("passcode-too-short", _passcode(too_short=True)),
    Sample("passcode-spelled", _passcode(format=SPELLED), keys=("S", "u", "n")),
    Sample("passcode-spelled-short", _passcode(format=SPELLED, too_short=True)),
    Sample(
        "passcode-spelled-short-touch", _passcode(format=SPELLED, too_short=True), touch=True, picture=False
    ),
    Sample("passcode-spelled-touch", _passcode(format=SPELLED, wrong=True, tries_left=2), touch=True),
    *(
        Sample(f"passcode-{purpose.value}", _passcode(purpose=purpose, tries_left=None), picture=False)
        for purpose in Purpose
    ),
    Sample("new-passcode", _new(), keys=("1", "2", "3")),
    Sample("new-passcode-second", _new(), keys=("1", "9", "3", "7", "2", "8", "enter", "1", "9")),
    *(
        Sample(f"new-passcode-{rule.value}", _new(refusal=rule), picture=rule in _PICTURED)
        for rule in PasscodeRule
    ),
    Sample("new-passcode-stop", _new(), keys=("1", "escape")),
    Sample("new-passcode-idle", _new(), keys=("1",), idle=70.0),
    Sample("new-passcode-six", NewPasscode(format=PasscodeFormat(6, 6)), picture=False),
    Sample("new-passcode-touch", _new(), touch=True, picture=False),
)
_CODES = (
    Sample("code", _code(), keys=("4", "1", "9", "2")),
    Sample("code-again", _code(resend_at=NOW)),
    Sample("code-no-more", _code(resend_at=None)),
    Sample("code-something-else", _code(something_else=True, place=None)),
    Sample("code-over", _code(expires_at=NOW, resend_at=NOW)),
    *(
        Sample(
            f"code-{refusal.value}",
            _code(
                refusal=refusal,
                tries_left=2,
                something_else=True,
                resend_at=None if refusal is CodeRefusal.TOO_MANY else NOW,
            ),
        )
        for refusal in CodeRefusal
    ),
    *(
        Sample(
            f"code-help-{purpose.value}",
            _code(purpose=purpose),
            keys=("f1",),
            picture=purpose is Purpose.UNLOCK,
        )
        for purpose in Purpose
    ),
    Sample(
        "assistance", EnterAssistance(place=_at(Offer.ASSISTANCE, 1, 3)), keys=("4", "1", "9", "2", "0", "6")
    ),
    *(
        Sample(
            f"assistance-{refusal.value}",
            EnterAssistance(place=_at(Offer.ASSISTANCE, 1, 3), refusal=refusal, tries_left=4),
        )
        for refusal in (CodeRefusal.WRONG, CodeRefusal.VOID)
    ),
)
_TEXTS = (
    Sample(
        "privacy",
        Privacy(place=_at(Offer.REGISTER, 1, 5), texts={"en": PRIVACY_EN, "cy": PRIVACY_CY}),
    ),
    Sample("answers", _answers(), keys=(*"Hill", "enter", *"Elm")),
    Sample("answers-explain", _answers(explain=True)),
    Sample("answers-wrong", _answers(wrong=True, attempts_left=1)),
    Sample("answers-empty", _answers(), keys=("enter",) * 4),
    Sample("answers-letters", _answers(), keys=(*"Hill", "f8")),
    Sample("answers-touch", _answers(wrong=True, attempts_left=2), touch=True),
    Sample("answers-shown", _answers(), keys=(*"Hill", "f6")),
    Sample("set-questions", _questions(), keys=(*"Hill", "enter", *"Elm")),
    Sample("set-questions-list", _questions(), keys=("f9",)),
    Sample("set-questions-stop", _questions(), keys=("a", "escape")),
    Sample(
        "set-questions-refused",
        _questions(
            kept=_KEPT, refusals=(None, AnswerRule.KEY_WORD, AnswerRule.SAME_ANSWER, AnswerRule.TOO_SHORT)
        ),
    ),
    *(
        Sample(f"set-questions-{rule.value}", _questions(kept=_KEPT, refusals=(rule,) * 4), picture=False)
        for rule in AnswerRule
    ),
    Sample("set-questions-touch", _questions(), touch=True),
    Sample("email-known", _email()),
    Sample("email-fixed", _email(may_overwrite=False)),
    Sample("email-unknown", _email(masked=None)),
    Sample("email-empty", _email(masked=None), keys=("enter",)),
    Sample("email-touch", _email(masked=None, typed="ann@nhs"), touch=True),
    *(
        Sample(
            f"email-{rule.value}",
            _email(refusal=rule, typed="ann@example.org"),
            picture=rule is EmailRule.DOMAIN,
        )
        for rule in EmailRule
    ),
)
_ENDS = (
    *(
        Sample(
            f"finished-{ending.value}",
            Finished(place=_at(Offer.UNLOCK, 3, 3), ending=ending, masked=MASKED),
            picture=ending in _PICTURED,
        )
        for ending in Ending
    ),
    Sample(
        "finished-hold",
        Finished(ending=Ending.REGISTERED, masked=MASKED, usable_from=NOW + timedelta(hours=24)),
        picture=False,
    ),
    *(
        Sample(f"see-ra-{why.value}", SeeRA(why=why, reference="H4K-92Q"), picture=why in _PICTURED)
        for why in Why
    ),
)

GALLERY: tuple[Sample, ...] = (*_SCENES, *_BUSY, *_CHOICES, *_PASSCODES, *_CODES, *_TEXTS, *_ENDS)
