"""The reader at the officer's desk: reading the card in it, and enrolling that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from pydantic import SecretBytes

from cardio.card import CardId, identify
from cardio.errors import CardIOError, CardUnsupported
from cardio.reader import Presence, State
from kiosk.enrolment import Change, EnrolmentError
from kiosk.families import by_name
from kiosk.keyring import diversified
from kiosk.office import deeds
from kiosk.office.cards import UNREADABLE, summary
from kiosk.office.described import lines, ways
from kiosk.office.enrolling import SeenCard, read, require_same_keys
from kiosk.office.equipping import Equipped, Fresh, Order, asked_for, at_desk, checked
from kiosk.staff.account import StaffProblem
from kiosk.staff.desk import Act, AtReader, CardSeen, Deed, Done, Grounds, How
from kiosk.staff.trouble import in_words
from kiosk.wiring import Parts

HINTS = {
    State.NO_SERVICE: "The card service is not running; it is waited for.",
    State.NO_READER: "There is no reader of that name: plug one in.",
    State.SEVERAL: "Several readers fit: unplug the others, or set reader.name.",
    State.EMPTY: "Put the card into the reader.",
    State.MUTE: "The card does not answer: is it the right way round?",
    State.BROKEN: "The reader no longer answers: leave, and start again.",
}
_HOW = {
    Change.ADDED: "is enrolled",
    Change.RENEWED: "was enrolled already; secret and keys are renewed",
    Change.UNCHANGED: "was enrolled already, just so",
    Change.KEPT: "was enrolled already",
    Change.HELD: "is enrolled",
}
_WITHOUT = ("none",)  # as a card list says it
_FRESH = {
    Fresh.SET: "A fresh {secret} was set on the card, and is kept.",
    Fresh.FINISHED: "The fresh {secret} of an earlier try is on the card, and is kept.",
    Fresh.KEPT: "Nothing was sent to it: it has accepted another {secret}, which stays kept.",
}


class DeskReader:
    """Reads the card in the reader whenever another goes in, and enrols the one that was read."""

    def __init__(self, parts: Parts, by: str) -> None:
        self._parts = parts
        self._reader = parts.reader
        self._by = by
        self._read: tuple[Presence, SeenCard | None, CardSeen] | None = None
        self._told_of = 0  # the insertion whose card is on record as one that may be a copy

    @property
    def seen(self) -> CardSeen | None:
        """The card that was read, while it is still in."""
        return self._read[2] if self._read and self._read[0] == self._reader.presence else None

    async def follow(self) -> AsyncIterator[AtReader]:
        """What is in the reader, whenever that changes."""
        while True:
            present = self._reader.presence
            yield await self._look(present)
            await self._reader.changed(present)

    async def enrol(self, deed: Deed, grounds: Grounds) -> Done:
        """Enrol the card that was read. Raises StaffProblem, EnrolmentError, CardIOError."""
        card = self._read[1] if self._read is not None and self.seen is not None else None
        if card is None or str(card.id) != deed.new_card:
            raise StaffProblem("put the card into the reader again: it was taken out, or another one is in")
        old = deeds.card_id(self._parts.service.settings, deed.card) if deed.act is Act.REPLACE else None
        order = Order(
            deed.holder_id,
            self._by,
            fresh=deed.how is How.FRESH,
            replace_key=deed.replace_key,
            reason=grounds.reason,
            instead_of=old,
        )
        given = _given(card, deed.how, grounds)
        self._read = None  # whatever comes of it, it is another card than the one that was read
        done = await at_desk(self._parts, self._reader, _waiting, card, given, order)
        return Done(tuple(_told(done, card, deed)))

    async def _look(self, present: Presence) -> AtReader:
        self._read = None
        if present.state is not State.CARD:
            return AtReader(None, HINTS[present.state])
        seen, trouble = None, ""
        try:
            async with self._reader.session(present.insertion) as channel:
                card = await identify(channel, self._parts.families)
                family = by_name(self._parts.families, card.id.family)
                try:
                    seen = await read(self._parts.service.settings, card, family)
                except EnrolmentError as problem:  # it is not to be enrolled, and has a holder all the same
                    trouble = str(problem)
        except CardUnsupported:
            return AtReader(None, "This card cannot be read here: no kiosk of this site knows its kind.")
        except CardIOError as problem:
            return AtReader(None, in_words(problem))
        told = await (self._whose(card.id, trouble) if seen is None else self._tell(seen, present.insertion))
        self._read = (present, seen, told)
        return AtReader(told)

    async def _whose(self, card: CardId, trouble: str) -> CardSeen:
        """A card that cannot be enrolled."""
        known = await self._parts.service.holders.find(card)
        member = await self._parts.accounts.of_card(card)
        return CardSeen(
            number=str(card),
            holder_id=known.holder_id if known else "",
            holder_name=(known.name or UNREADABLE) if known else "",
            state=known.state.value if known else "",
            lines=(("Card", str(card)),),
            ways=(),
            trouble=trouble,
            staff=member.name if member is not None else "",
        )

    async def _tell(self, seen: SeenCard, insertion: int) -> CardSeen:
        other_key = False
        try:
            await require_same_keys(self._parts, seen, by=self._by, alarm=insertion != self._told_of)
        except EnrolmentError:
            other_key, self._told_of = True, insertion
        told = await self._whose(seen.id, "")
        holder_id = told.holder_id
        mine = [summary(one) for one in await self._parts.enrolment.cards(holder_id)] if holder_id else []
        kept = any(one.card == str(seen.id) and one.unblock_secret not in _WITHOUT for one in mine)
        derived = seen.family.name in diversified(self._parts.service.settings)
        how, lacking = await ways(self._parts, seen, derived=derived, kept=kept)
        return replace(told, lines=tuple(lines(seen)), ways=how, lacking=lacking, other_key=other_key)


def _given(card: SeenCard, how: How, grounds: Grounds) -> SecretBytes | None:
    """What was typed, in the form the card wants it. Raises EnrolmentError, StaffProblem."""
    if how is How.NONE:
        return None
    wanted = asked_for(card.family, fresh=how is How.FRESH)
    if grounds.given is None or not grounds.given.get_secret_value():
        raise StaffProblem(f"type the {wanted.name}: nothing was done")
    return checked(grounds.given, wanted)


def _waiting(message: str) -> None:
    """Nobody waits for a card once it is to be written."""
    raise StaffProblem("the card was taken out: put it in and do the same again")


def _told(done: Equipped, card: SeenCard, deed: Deed) -> list[str]:
    secret = card.family.secret.name
    said = [f"Card {card.id} {_HOW.get(done.change, 'is enrolled')}."]
    if done.fresh is not None:
        said.append(_FRESH[done.fresh].format(secret=secret))
    elif done.change is Change.KEPT:
        said.append(f"It has accepted another {secret}, which stays kept; the one you typed is not.")
    if done.change is Change.KEPT:
        said.append("If the card was reset since, clear its secret, then do this again.")
    if done.change is Change.HELD:
        said.append(f"The {secret} is kept, and not sent before you clear it: too much was sent in vain.")
    if deed.act is Act.REPLACE:
        said.append(f"Card {deed.card} is revoked.")
    return said
