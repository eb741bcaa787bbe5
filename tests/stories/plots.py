"""Stories that other stories begin with."""

from __future__ import annotations

from typing import Any

from cardio.virtual.card import VirtualCard
from cardio.virtual.piv import PivCard
from kiosk.refusals import Why
from kiosk.steps import (
    AnswerQuestions,
    ChooseDetail,
    ChooseProof,
    ConfirmEmail,
    ConfirmWithdraw,
    Detail,
    Ending,
    EnterCode,
    EnterPasscode,
    Finished,
    NewPasscode,
    Offer,
    Privacy,
    Proof,
    SeeRA,
    SetQuestions,
    Welcome,
)
from tests.stories.script import Script, See, see
from tests.stories.world import PIN, World, answered, in_order, twice, wrong

NEW_PIN = "739164"


def registration(world: World, *, email: str | None = None) -> list[See]:
    """The lines of a registration, from the menu to its end."""
    return [
        see(Welcome, Offer.REGISTER),
        see(Privacy),
        see(EnterPasscode, PIN),
        see(SetQuestions, answered()),
        see(ConfirmEmail, email),
        see(EnterCode, lambda _: world.post.code()),
        see(Finished, ending=Ending.REGISTERED),
    ]


def unlocking(world: World, new: str = NEW_PIN) -> list[See]:
    """The lines of an unlock of a locked card."""
    return [
        see(AnswerQuestions, in_order),
        see(EnterCode, lambda _: world.post.code()),
        see(NewPasscode, twice(new)),
        see(Finished, ending=Ending.UNLOCKED),
    ]


async def register(world: World, card: VirtualCard, **options: Any) -> Script:
    """Register the card's holder."""
    return await world.visit(card, registration(world, **options))


async def unlock(world: World, card: PivCard, new: str = NEW_PIN) -> Script:
    """Unlock the card."""
    return await world.visit(card, unlocking(world, new))


async def block(world: World, card: PivCard) -> Script:
    """Lock the card, and give wrong answers until self-service is blocked."""
    card.lock()
    lines = [see(AnswerQuestions, wrong, attempts_left=left) for left in (3, 2, 1)]
    return await world.visit(card, [*lines, see(SeeRA, why=Why.BLOCKED)])


def proving(offer: Offer, *, by: Proof = Proof.QUESTIONS) -> list[See]:
    """The passcode and one more proof, from the menu on; with `Proof.EMAIL_CODE` the code comes next."""
    lines = [see(Welcome, offer), see(EnterPasscode, PIN), see(ChooseProof, by)]
    return [*lines, see(AnswerQuestions, in_order, explain=False)] if by is Proof.QUESTIONS else lines


def changing_email(world: World, new: str) -> list[See]:
    """The lines of a change of address."""
    return [
        *proving(Offer.CHANGE_DETAILS),
        see(ChooseDetail, Detail.EMAIL),
        see(ConfirmEmail, new, masked=None),
        see(EnterCode, lambda _: world.post.code()),
        see(Finished, ending=Ending.EMAIL_CHANGED),
    ]


def changing_questions(answers: dict[str, str]) -> list[See]:
    """The lines of a change of questions."""
    return [
        *proving(Offer.CHANGE_DETAILS),
        see(ChooseDetail, Detail.QUESTIONS),
        see(SetQuestions, answered(answers)),
        see(Finished, ending=Ending.QUESTIONS_CHANGED),
    ]


def withdrawing() -> list[See]:
    """The lines of a withdrawal."""
    return [
        *proving(Offer.WITHDRAW),
        see(ConfirmWithdraw, True),
        see(Finished, ending=Ending.WITHDRAWN),
    ]


def changing_passcode(new: str = NEW_PIN) -> list[See]:
    """The lines of a change of passcode."""
    return [
        see(Welcome, Offer.CHANGE_PASSCODE),
        see(EnterPasscode, PIN),
        see(NewPasscode, twice(new)),
        see(Finished, ending=Ending.PASSCODE_CHANGED),
    ]


def refused_for_its_secret(world: World) -> list[See]:
    """What is kept for a locked card does not open: before any question, or when the secret is given out."""
    if world.guarded:
        return [*unlocking(world)[:-1], see(SeeRA, why=Why.RECORD_SHUT)]
    return [see(SeeRA, why=Why.NO_UNBLOCK)]
