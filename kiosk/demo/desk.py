"""What lies on the demo's desk: cards to put in and take out, and a mailbox to read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cardio.virtual.piv import PivCard
from cardio.virtual.reader import VirtualReader
from kiosk.demo.cast import Role
from kiosk.demo.smtp import ReceivedMail


class Desk:
    """The hands of somebody who tries the kiosk out."""

    def __init__(
        self, holders: Sequence[Role], staff: Sequence[Role], reader: VirtualReader, leave: Callable[[], None]
    ) -> None:
        """``leave`` ends the demo; a real kiosk has nothing of the kind."""
        self.roles = (*holders, *staff)
        self.pages = (range(len(holders)), range(len(holders), len(self.roles)))
        self.leave = leave
        self.unplugged = False  # the reader's cable
        self._reader = reader
        self._were_locked = [_is_locked(role) for role in self.roles]
        self._mails: Callable[[], Sequence[ReceivedMail]] = tuple

    def deliver(self, mails: Callable[[], Sequence[ReceivedMail]]) -> None:
        """Say where the mails arrive, once the mail server runs."""
        self._mails = mails

    @property
    def mails(self) -> Sequence[ReceivedMail]:
        """Every mail that has arrived, oldest first."""
        return self._mails()

    @property
    def inside(self) -> int | None:
        """Which card is in the reader, counted from 0."""
        cards = [role.card for role in self.roles]
        return cards.index(self._reader.card) if self._reader.card in cards else None

    def turned(self, number: int) -> bool | None:
        """Whether a card has been locked since the beginning, or unlocked (False); None: neither."""
        now = _is_locked(self.roles[number])
        return None if now is self._were_locked[number] else now

    def insert(self, number: int) -> None:
        """Put a card in; one that is in comes out first."""
        self._reader.remove()
        self._reader.insert(self.roles[number].card)

    def remove(self) -> None:
        """Take the card out."""
        self._reader.remove()

    def pull_or_plug(self) -> None:
        """Pull the reader's cable, or put it back: something for a technician to find."""
        self.unplugged = not self.unplugged
        if self.unplugged:
            self._reader.unplug()
        else:
            self._reader.plug()


def _is_locked(role: Role) -> bool:
    return isinstance(role.card, PivCard) and role.card.state().locked
