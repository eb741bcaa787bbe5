"""The ways a holder shows who they are, and how a passcode is asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import SecretStr

from cardio.errors import PasscodeLocked, PasscodeRefused, WrongPasscode
from kiosk.dialogue import Dialogue
from kiosk.genuine import ProvenKeys
from kiosk.journeys.endings import CannotHelp, SomethingElse
from kiosk.proofs import passcodes
from kiosk.refusals import CodeRefusal, PasscodeRule, Why
from kiosk.service import Service
from kiosk.steps import (
    Activity,
    AnswerQuestions,
    Busy,
    EnterAssistance,
    EnterPasscode,
    LastTry,
    NewPasscode,
    Place,
    Purpose,
)
from kiosk.visit import Visit


@dataclass(frozen=True)
class Checked:
    """A passcode that the card has accepted, and the keys that it could prove with it."""

    passcode: SecretStr
    keys: ProvenKeys


async def by_passcode(
    visit: Visit, dialogue: Dialogue, service: Service, purpose: Purpose, place: Place
) -> Checked:
    """The present passcode, checked by the card; asks before the last try is spent."""
    tries = visit.sight.tries_left
    wrong = too_short = False
    while True:
        if tries == 1 and not too_short and not await dialogue.ask(LastTry(place=place)):
            raise SomethingElse
        passcode = await dialogue.ask(
            EnterPasscode(
                purpose=purpose,
                tries_left=tries,
                wrong=wrong,
                too_short=too_short,
                code_waits=visit.pending(purpose) is not None,
                format=visit.sight.passcode_format,
                place=place,
            )
        )
        try:
            async with dialogue.busy(Busy(Activity.CHECKING_PASSCODE, place=place)):
                keys = await service.cards.check_passcode(visit, passcode, purpose)
            return Checked(passcode, keys)
        except PasscodeRefused as refusal:
            wrong, too_short = refusal.sw != 0, refusal.sw == 0
            if refusal.sw:  # the card's own word: it may have cost a try
                tries = (await service.cards.look_again(visit))[0].tries_left
        except WrongPasscode as refusal:
            if refusal.tries_left == 0:
                raise CannotHelp(Why.PASSCODE_LOCKED) from None
            tries, wrong, too_short = refusal.tries_left, True, False
        except PasscodeLocked:
            raise CannotHelp(Why.PASSCODE_LOCKED) from None


async def by_questions(
    visit: Visit, dialogue: Dialogue, service: Service, purpose: Purpose, place: Place
) -> None:
    """The holder's security questions, all at once; one submission is one attempt."""
    left, wrong = visit.known.attempts_left, False
    while True:
        answers = await dialogue.ask(
            AnswerQuestions(
                questions=visit.known.questions,
                attempts_left=left,
                wrong=wrong,
                explain=purpose is Purpose.UNLOCK and not wrong,
                code_minutes=service.settings.codes.minutes,
                place=place,
            )
        )
        async with dialogue.busy(Busy(Activity.CHECKING_ANSWERS, place=place)):
            verdict = await service.attempts.check(visit, purpose, answers, dialogue.language)
        if verdict.right:
            return
        left, wrong = verdict.attempts_left, True
        if left == 0:
            raise CannotHelp(Why.BLOCKED)


async def by_assistance(visit: Visit, dialogue: Dialogue, service: Service, place: Place) -> None:
    """An assistance code from the RA, in place of the questions."""
    refusal: CodeRefusal | None = None
    left: int | None = None
    while True:
        typed = await dialogue.ask(EnterAssistance(refusal=refusal, tries_left=left, place=place))
        async with dialogue.busy(Busy(Activity.CHECKING_CODE, place=place)):
            entry = await service.assistance.check(visit, typed, dialogue.language)
        if entry.right:
            return
        if entry.refusal is not CodeRefusal.WRONG:
            raise CannotHelp(Why.NO_PROOF)
        refusal, left = entry.refusal, entry.tries_left


async def choose_passcode(
    visit: Visit,
    dialogue: Dialogue,
    service: Service,
    place: Place,
    save: Callable[[SecretStr], Awaitable[int | None]],
    *,
    code: SecretStr | None = None,
    present: SecretStr | None = None,
) -> int | None:
    """A new passcode, twice, under the rules; ``save`` writes it to the card, which may refuse it.

    Returns what ``save`` does: the number of the write that the holder is to be told of.
    """
    fmt = passcodes.narrow(service.settings.passcode, visit.sight.passcode_format)
    refusal = None
    while True:
        new, again = await dialogue.ask(NewPasscode(format=fmt, refusal=refusal, place=place))
        refusal = passcodes.check(
            new, again, fmt=fmt, code=code, own_id=visit.known.holder_id, present=present
        )
        if refusal is None:
            try:
                async with dialogue.busy(Busy(Activity.WRITING_CARD, place=place)):
                    return await save(new)
            except PasscodeRefused:
                refusal = PasscodeRule.CARD
