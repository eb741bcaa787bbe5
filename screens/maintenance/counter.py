"""What the screens of the officer's desk have in common: the card in the reader, and what leads where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rich.cells import set_cell_size

from kiosk.staff.desk import AtReader, CardSeen, Deed, Desk, Foreseen, Page, Way
from kiosk.staff.seen import Session
from screens.look import Manner
from screens.maintenance.base import StaffScreen, Stay
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import cut


@dataclass
class Counter:
    """One officer's stay at the desk, which all its screens share.

    ``page_of`` and ``deed_of`` make the two screens that the others lead to, of what their names say.
    ``first``: the screen that the others are above, which follows the reader for all of them; ``look_again``
    makes it read the card anew. ``at`` is what it saw last. ``card``: the number of the card that some screen
    has dealt with, empty where there was none; None while nobody has, for the officer's own may be in.
    ``chosen``: the card that the officer has marked on a page. ``led``: why the next page is opened, where
    nobody asked for it.
    """

    session: Session
    stay: Stay
    manner: Manner
    page_of: Callable[[Counter, Page], StaffScreen]
    deed_of: Callable[[Counter, Deed, Foreseen, str, Way | None], StaffScreen]
    first: StaffScreen | None = None
    look_again: Callable[[], None] = lambda: None
    at: AtReader | None = field(default=None, repr=False)
    card: str | None = field(default=None, repr=False)
    chosen: str = field(default="", repr=False)
    led: str = ""


def who_it_is(holder_id: str, name: str) -> str:
    """A holder as the screens of the desk name them."""
    return f"{name}, {holder_id}"


def column(text: str, cells: int) -> str:
    """A text as a column of a list: cut or filled to so many cells, the last of them blank."""
    return set_cell_size(cut(text, cells - 1), cells)


class DeskScreen(StaffScreen):
    """A screen of the desk. One that ``watches`` is told what is in the reader while it is in front."""

    watches = False

    def __init__(self, counter: Counter) -> None:
        super().__init__(counter.stay, counter.manner)
        self.counter = counter

    @property
    def desk(self) -> Desk:
        """Where everything is done."""
        return self.counter.session.desk

    def keys(self) -> Sequence[FootKey]:
        return (*self.desk_keys(), FootKey("escape", "Esc", same("Back")))

    def desk_keys(self) -> Sequence[FootKey]:
        """The footer's keys, but for the way back."""
        return ()

    def on_screen_resume(self) -> None:
        self.see()

    def see(self) -> None:
        """Deal with what is in the reader now."""
        at, before = self.counter.at, self.counter.card
        if at is None:
            return
        if at.card is not None:
            self.counter.card = at.card.number
        elif self.stay.lobby.card is None:  # or else it is only being read, or cannot be
            self.counter.card = ""
        if not self.watches:  # whatever goes in while something else is done here opens nothing later
            return
        self.show_reader(at)
        if at.card is not None and before is not None and at.card.number != before:
            self.stay.vigil.noticed()  # somebody is there, if without a key
            self.put_in(at.card)

    def show_reader(self, at: AtReader) -> None:
        """Say what is in the reader."""

    def put_in(self, card: CardSeen) -> None:
        """Another card was put in: open its holder's page."""
        if card.holder_id:
            self.counter.chosen = ""
            self.lead_on(self.open(card.holder_id, "Now the holder of the card in the reader"))

    async def open(self, holder_id: str, why: str = "") -> None:
        """Show a holder's page above the first screen, and ``why`` where nobody asked for it.

        Raises StaffProblem where there is no such holder.
        """
        page = await self.desk.page(holder_id)
        if self.app.screen is self:
            self.counter.led = why
            self.to_first()
            self.app.push_screen(self.counter.page_of(self.counter, page))

    def to_first(self) -> None:
        """Leave every screen above the first."""
        while self.app.screen is not self.counter.first and len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def propose(self, deed: Deed, who: str, way: Way | None = None) -> None:
        """Ask what a deed would do, and show that before it is done; what forbids it is told here."""
        self.trouble("")
        self.lead_on(self._propose(deed, who, way))

    async def _propose(self, deed: Deed, who: str, way: Way | None) -> None:
        foreseen = await self.desk.foresee(deed)
        if self.app.screen is self:
            self.app.push_screen(self.counter.deed_of(self.counter, deed, foreseen, who, way))
