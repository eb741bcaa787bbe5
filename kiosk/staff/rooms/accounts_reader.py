"""The reader where accounts are made: looking at the card in it, and making that somebody's staff card."""

from __future__ import annotations

from collections.abc import AsyncIterator

from pydantic import SecretStr

from cardio.card import KeyUse, identify
from cardio.errors import CardIOError, CardUnsupported
from cardio.reader import Presence, State
from kiosk.staff.account import StaffProblem
from kiosk.staff.accounts import StaffCard
from kiosk.staff.door import NO_KEY, staff_card
from kiosk.staff.rooms.desk_reader import HINTS
from kiosk.staff.roster import AtStaffReader, StaffCardSeen
from kiosk.staff.trouble import in_words
from kiosk.wiring import Parts

_GONE = "put the card into the reader again: it was taken out, or another one is in. Nothing was sent to it"


class AccountsReader:
    """Looks at the card in the reader whenever another goes in. Nothing costs that a try, but `take`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._reader = parts.reader
        self._seen: tuple[Presence, StaffCardSeen] | None = None

    async def follow(self) -> AsyncIterator[AtStaffReader]:
        """What is in the reader, whenever that changes."""
        while True:
            present = self._reader.presence
            yield await self._look(present)
            await self._reader.changed(present)

    async def take(self, name: str, card: StaffCardSeen | None, passcode: SecretStr) -> StaffCard:
        """Have the card that was seen check its passcode, and prove the key to be pinned for ``name``.

        No other card is sent it. Raises StaffProblem, CardIOError.
        """
        present = self._reader.presence
        if card is None or self._seen != (present, card):
            raise StaffProblem(_GONE)
        if card.trouble:
            raise StaffProblem(card.trouble)
        if card.of not in ("", name):
            raise StaffProblem(f"that card is the staff card of {card.of}: nothing was sent to it")
        return await staff_card(self._reader, self._parts.families, passcode, present.insertion)

    async def _look(self, present: Presence) -> AtStaffReader:
        self._seen = None
        if present.state is not State.CARD:
            return AtStaffReader(None, HINTS[present.state])
        try:
            async with self._reader.session(present.insertion) as channel:
                card = await identify(channel, self._parts.families)
                offered, left = await card.offered_key(KeyUse.PASSCODE), await card.tries_left()
        except CardUnsupported:
            return AtStaffReader(None, "This card cannot be read here: no kiosk of this site knows its kind.")
        except CardIOError as problem:
            return AtStaffReader(None, in_words(problem))
        account = await self._parts.accounts.of_card(card.id)
        seen = StaffCardSeen(
            str(card.id),
            account.name if account else "",
            left,
            "" if offered is not None else NO_KEY,
            present.insertion,
        )
        self._seen = (present, seen)
        return AtStaffReader(seen)
