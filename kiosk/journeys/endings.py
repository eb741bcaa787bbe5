"""The ends of a journey: a card that was changed, what the kiosk cannot help with, a change of mind."""

from contextlib import suppress

from kiosk.dialogue import Abandoned, Dialogue
from kiosk.refusals import Why
from kiosk.service import Service
from kiosk.steps import Finished
from kiosk.storage.backend import StoreUnavailable


async def tell(dialogue: Dialogue, service: Service, step: Finished, write: int | None) -> None:
    """The last screen of a card write. Only who has seen it was told; others are when the card goes in again.

    ``write``: the journal's number, None where the card had left before. Raises Abandoned.
    """
    unseen = write is None
    try:
        await dialogue.ask(step)
    except Abandoned as gone:
        unseen |= gone.unseen
        raise
    finally:
        if write is not None and not unseen:
            with suppress(StoreUnavailable):  # then it is told once more
                await service.journal.told(write)


class CannotHelp(Exception):
    """The journey ends at the RA's contact."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


class SomethingElse(Exception):
    """The holder would rather do something else: back to what this card offers."""
