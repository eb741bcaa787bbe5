"""Register for self-service: passcode, four security questions, email address, emailed code."""

from __future__ import annotations

from kiosk.dialogue import Dialogue
from kiosk.journeys.emailed_code import by_emailed_code
from kiosk.journeys.endings import CannotHelp
from kiosk.journeys.proving import by_passcode
from kiosk.proofs.answers import check_answers
from kiosk.proofs.emails import EmailRefused, mask
from kiosk.proofs.questions import CATALOGUE
from kiosk.refusals import AnswerRule, EmailRule, Why
from kiosk.registrations import HashedAnswer
from kiosk.service import Service
from kiosk.steps import (
    Activity,
    Answered,
    Busy,
    ConfirmEmail,
    Ending,
    Finished,
    Offer,
    Place,
    Privacy,
    Purpose,
    SetQuestions,
)
from kiosk.visit import Visit

STEPS = 4


async def register(visit: Visit, dialogue: Dialogue, service: Service) -> None:
    """Register a holder, or go on with a registration whose code is under way.

    Nothing is kept before the code was entered, except the draft that ends with it.
    """
    resumed = visit.pending(Purpose.REGISTER) is not None
    if not resumed:
        privacy = service.settings.privacy
        await dialogue.ask(Privacy(texts={"en": privacy.text, "cy": privacy.text_cy}))
    first = Place(Offer.REGISTER, 1, STEPS)
    checked = await by_passcode(visit, dialogue, service, Purpose.REGISTER, first)
    email = draft = None
    if not resumed:
        answers = await set_questions(visit, dialogue, service, Place(Offer.REGISTER, 2, STEPS))
        draft = service.registrations.draft(answers)
        email = await confirm_email(visit, dialogue, service, Place(Offer.REGISTER, 3, STEPS))
    last = Place(Offer.REGISTER, 4, STEPS)
    await by_emailed_code(
        visit,
        dialogue,
        service,
        Purpose.REGISTER,
        last,
        email=email,
        draft=draft,
        then=lambda language: service.registrations.complete(visit, checked.keys, language),
        before=lambda: service.cards.prove_to_register(visit),
    )
    known = (await service.refreshed(visit)).known
    waits = known.usable_from if known.usable_from and known.usable_from > service.store.clock.now() else None
    await dialogue.ask(
        Finished(ending=Ending.REGISTERED, masked=mask(known.email), usable_from=waits, place=last)
    )


async def set_questions(
    visit: Visit, dialogue: Dialogue, service: Service, place: Place
) -> tuple[HashedAnswer, ...]:
    """Four questions of the catalogue and their answers, until no rule is broken."""
    rules = service.settings.answers
    kept: tuple[Answered, ...] = ()
    refusals: tuple[AnswerRule | None, ...] = ()
    while True:
        kept = await dialogue.ask(
            SetQuestions(
                catalogue=tuple(CATALOGUE), count=rules.count, kept=kept, refusals=refusals, place=place
            )
        )
        refusals = check_answers(
            [(row.question, row.answer.get_secret_value()) for row in kept],
            name=visit.known.name,
            address=visit.known.email,
            min_length=rules.min_length,
        )
        if not any(refusals):
            async with dialogue.busy(Busy(Activity.SAVING, place=place)):
                return await service.registrations.hash_answers(visit, kept)


async def confirm_email(
    visit: Visit, dialogue: Dialogue, service: Service, place: Place, *, present: str = ""
) -> str:
    """The address for codes: the one known, confirmed, or one of the holder's own.

    ``present`` is an address that is to be replaced, and so is not accepted again.
    """
    known = "" if present or not _approved(visit, service) else visit.known.email
    may_overwrite = may_overwrite_email(visit, service)
    if not known and not may_overwrite:
        raise CannotHelp(Why.NO_PROOF)
    refusal: EmailRule | None = None
    typed = ""
    while True:
        answer = await dialogue.ask(
            ConfirmEmail(
                masked=mask(known) if known else None,
                may_overwrite=may_overwrite,
                domains=service.settings.email.domains,
                refusal=refusal,
                typed=typed,
                place=place,
            )
        )
        if answer is None and known:
            return known
        typed = (answer or "") if may_overwrite else ""
        try:
            address = service.address(typed)
            if address != present:
                return address
            refusal = EmailRule.SAME
        except EmailRefused as refused:
            refusal = refused.rule


def may_overwrite_email(visit: Visit, service: Service) -> bool:
    """Whether the holder may use another address than the RA's."""
    return service.settings.registration.overwrite_email or not visit.known.ra_email


def _approved(visit: Visit, service: Service) -> bool:
    """Whether codes may go to the address on file; the self-test's is exempt from the domain list."""
    try:
        return visit.known.selftest or bool(service.address(visit.known.email))
    except EmailRefused:
        return False
