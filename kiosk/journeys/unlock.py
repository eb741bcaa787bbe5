"""Unlock a card whose passcode is locked or forgotten: the leaflet, step by step."""

from __future__ import annotations

from pydantic import SecretStr

from kiosk.dialogue import Dialogue
from kiosk.journeys.emailed_code import by_emailed_code
from kiosk.journeys.endings import tell
from kiosk.journeys.proving import by_assistance, by_questions, choose_passcode
from kiosk.proofs.emails import mask
from kiosk.service import Service
from kiosk.steps import Ending, Finished, Offer, Place, Proof, Purpose
from kiosk.visit import Visit


async def unlock(visit: Visit, dialogue: Dialogue, service: Service, *, offer: Offer = Offer.UNLOCK) -> None:
    """Unlock a card: questions, emailed code, a passcode of the holder's own.

    1. The security questions (or an assistance code from the RA). Three failed attempts, over
       every visit, and only the RA can help.
    2. A code is mailed, and
    3. entered.
    4. A passcode of the holder's own, twice. Only now is the card written, once.
    5. The card is asked whether it worked.
    """
    assisted = offer is Offer.ASSISTANCE
    proofs = service.proofs_still_missing(visit, assisted=assisted)
    steps = len(service.proofs(assisted=assisted)) + 1
    code: SecretStr | None = None
    for number, proof in enumerate(proofs, steps - len(proofs)):
        place = Place(offer, number, steps)
        if proof is Proof.EMAIL_CODE:
            code = await by_emailed_code(visit, dialogue, service, Purpose.UNLOCK, place)
        elif assisted:
            await by_assistance(visit, dialogue, service, place)
        else:
            await by_questions(visit, dialogue, service, Purpose.UNLOCK, place)

    async def save(new: SecretStr) -> int | None:
        return await service.cards.reset_passcode(visit, new, dialogue.language)

    last = Place(offer, steps, steps)
    write = await choose_passcode(visit, dialogue, service, last, save, code=code)
    done = Finished(ending=Ending.UNLOCKED, masked=mask(visit.known.email), place=last)
    await tell(dialogue, service, done, write)
