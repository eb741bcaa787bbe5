"""Change questions or email, and withdraw: the passcode and one more proof."""

from __future__ import annotations

from kiosk.dialogue import Dialogue
from kiosk.journeys.emailed_code import by_emailed_code
from kiosk.journeys.endings import CannotHelp, SomethingElse
from kiosk.journeys.proving import by_passcode, by_questions
from kiosk.journeys.register import confirm_email, may_overwrite_email, set_questions
from kiosk.proofs.emails import mask
from kiosk.refusals import Why
from kiosk.service import Service
from kiosk.steps import (
    Activity,
    Busy,
    ChooseDetail,
    ChooseProof,
    ConfirmWithdraw,
    Detail,
    Ending,
    Finished,
    Offer,
    Place,
    Proof,
    Purpose,
)
from kiosk.visit import Visit

STEPS = 4


async def change_details(visit: Visit, dialogue: Dialogue, service: Service) -> None:
    """New questions or a new address; a new address is proven by a code of its own."""
    last = Place(Offer.CHANGE_DETAILS, STEPS, STEPS)
    if visit.pending(Purpose.CHANGE_EMAIL) is not None:
        # Both proofs were given before that code was mailed: the passcode again, and the code.
        first = Place(Offer.CHANGE_DETAILS, 1, STEPS)
        await by_passcode(visit, dialogue, service, Purpose.CHANGE_DETAILS, first)
        await _prove_new_address(visit, dialogue, service, last, None)
        return
    await _prove_both(visit, dialogue, service, Offer.CHANGE_DETAILS, Purpose.CHANGE_DETAILS)
    third = Place(Offer.CHANGE_DETAILS, 3, STEPS)
    detail = Detail.QUESTIONS
    if may_overwrite_email(visit, service):
        detail = await dialogue.ask(ChooseDetail(place=third))
    if detail is Detail.QUESTIONS:
        answers = await set_questions(visit, dialogue, service, last)
        async with dialogue.busy(Busy(Activity.SAVING, place=last)):
            await service.registrations.change_questions(visit, answers, dialogue.language)
        await dialogue.ask(
            Finished(ending=Ending.QUESTIONS_CHANGED, masked=mask(visit.known.email), place=last)
        )
    else:
        new = await confirm_email(visit, dialogue, service, third, present=visit.known.email)
        await _prove_new_address(visit, dialogue, service, last, new)


async def _prove_new_address(
    visit: Visit, dialogue: Dialogue, service: Service, place: Place, new: str | None
) -> None:
    await by_emailed_code(
        visit,
        dialogue,
        service,
        Purpose.CHANGE_EMAIL,
        place,
        email=new,
        draft=None if new is None else "",
        then=lambda language: service.registrations.change_email(visit, language),
    )
    known = (await service.refreshed(visit)).known
    await dialogue.ask(Finished(ending=Ending.EMAIL_CHANGED, masked=mask(known.email), place=place))


async def withdraw(visit: Visit, dialogue: Dialogue, service: Service) -> None:
    """Leave self-service: answers, own address and pending codes are erased."""
    await _prove_both(visit, dialogue, service, Offer.WITHDRAW, Purpose.WITHDRAW)
    place = Place(Offer.WITHDRAW, STEPS - 1, STEPS - 1)
    if not await dialogue.ask(ConfirmWithdraw(place=place)):
        raise SomethingElse
    async with dialogue.busy(Busy(Activity.SAVING, place=place)):
        await service.registrations.withdraw(visit, dialogue.language)
    await dialogue.ask(Finished(ending=Ending.WITHDRAWN, masked=mask(visit.known.email), place=place))


async def _prove_both(
    visit: Visit, dialogue: Dialogue, service: Service, offer: Offer, purpose: Purpose
) -> None:
    """The passcode, and either the questions or a code to the address on file."""
    of = STEPS if offer is Offer.CHANGE_DETAILS else STEPS - 1
    await by_passcode(visit, dialogue, service, purpose, Place(offer, 1, of))
    second = Place(offer, 2, of)
    pending = visit.pending(purpose)
    if pending is not None and pending.code_expires_at is not None:  # coming back to the code
        await by_emailed_code(visit, dialogue, service, purpose, second)
        return
    possible = tuple(
        proof
        for proof, given in ((Proof.QUESTIONS, visit.known.questions), (Proof.EMAIL_CODE, visit.known.email))
        if given
    )
    if not possible:
        raise CannotHelp(Why.NO_PROOF)
    proof = possible[0]
    if len(possible) > 1:
        step = ChooseProof(proofs=possible, masked=mask(visit.known.email), place=second)
        proof = await dialogue.ask(step)
    if proof is Proof.QUESTIONS:
        await by_questions(visit, dialogue, service, purpose, second)
    else:
        await by_emailed_code(visit, dialogue, service, purpose, second, email=visit.known.email)
