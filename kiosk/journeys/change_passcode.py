"""Change a passcode that is known."""

from __future__ import annotations

from pydantic import SecretStr

from kiosk.dialogue import Dialogue
from kiosk.journeys.endings import tell
from kiosk.journeys.proving import by_passcode, choose_passcode
from kiosk.proofs.emails import mask
from kiosk.service import Service
from kiosk.steps import Ending, Finished, Offer, Place, Purpose
from kiosk.visit import Visit


async def change_passcode(visit: Visit, dialogue: Dialogue, service: Service) -> None:
    """The present passcode, checked by the card; then a new one, twice, and different."""
    first, last = (Place(Offer.CHANGE_PASSCODE, number, 2) for number in (1, 2))
    checked = await by_passcode(visit, dialogue, service, Purpose.CHANGE_PASSCODE, first)
    present = checked.passcode

    async def save(new: SecretStr) -> int | None:
        return await service.cards.change_passcode(visit, present, new, dialogue.language)

    write = await choose_passcode(visit, dialogue, service, last, save, present=present)
    masked = mask(visit.known.email) if visit.known.email else None
    done = Finished(ending=Ending.PASSCODE_CHANGED, masked=masked, place=last)
    await tell(dialogue, service, done, write)
