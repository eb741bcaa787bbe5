"""The officer's first screen: find a holder by id, name, address, reference, or the card in the reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding

from kiosk.staff.account import StaffProblem
from kiosk.staff.desk import Act, AtReader, Found
from kiosk.staff.entry import Leaving
from screens.maintenance.asking import AskScreen
from screens.maintenance.base import StaffScreen
from screens.maintenance.counter import Counter, DeskScreen, column
from screens.widgets.fields import Entry, Field
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import Lines, Row
from screens.widgets.say import Say

_LONGEST = 254
_MOST = 200  # people whom a search finds
_WIDE = 100  # cells, where every key has room in the footer
_ID, _NAME, _BLOCKED = 12, 28, 9  # cells


@dataclass(frozen=True)
class Aside:
    """Another tool of an officer's, and the key that opens it: letters are for the field here."""

    key: str
    name: str
    screen: Callable[[], StaffScreen]


class FindScreen(DeskScreen):
    """A field, and below it whom it has found. Esc signs out from here."""

    BINDINGS = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("f4", "add", show=False),
        *(Binding(key, f"aside('{key}')", show=False) for key in ("f5", "f8", "f9", "f10")),
    ]
    title_text = "Desk: find a person"
    types = True
    watches = True

    def __init__(self, counter: Counter, asides: Sequence[Aside]) -> None:
        super().__init__(counter)
        counter.first, counter.look_again = self, self._watch
        self._asides = asides
        self._found: tuple[Found, ...] = ()
        self._sought = ""  # what has found them
        self._covered = False
        self._watching: asyncio.Task[None] | None = None
        self._shut = False  # none of this can be done on this machine

    def content(self) -> ComposeResult:
        yield Say(same(""), id="elsewhere", classes="notice")
        yield Say(
            same("Type an id, name, address, card number or reference, and press Enter."),
            id="lead",
            classes="said",
        )
        yield Field(same("Find"), Entry(masked=False, longest=_LONGEST, console=self.console, offers=True))
        yield Say(same(""), id="in-reader", classes="soft")
        yield Say(same(""), id="counted", classes="strong")
        yield Lines(pick=True)

    def keys(self) -> Sequence[FootKey]:
        touch = self.manner.look.site.touch
        asides = (FootKey(one.key, one.key.upper(), same(one.name)) for one in self._asides)
        find = [] if touch else [FootKey("enter", "Enter", same("Find"), classes="foot-key here")]
        return (
            *find,  # with letters for fingers there is a key for it among them
            FootKey("f4", "F4", same("New"), classes="foot-key here"),
            *asides,
            FootKey("up", "Up", same(""), classes="foot-key several"),
            FootKey("down", "Down", same("Choose"), classes="foot-key several"),
            FootKey("escape", "Esc", same("Sign out")),
        )

    def focus_first(self) -> None:
        if not self._shut:
            self.query_one(Entry).focus()

    def begin(self) -> None:
        self._watch()

    def _watch(self) -> None:
        """Follow the reader, from now on anew; a deed may end when they have left."""
        if self._watching is not None:
            self._watching.cancel()
        if self.is_attached and not self.stay.over:
            self._watching = self.follow(self._from_reader, self._tell)

    async def _from_reader(self) -> AsyncIterator[AtReader]:
        if why := await self.desk.elsewhere():
            self._close_desk(why)
            return
        async for at in self.desk.reader():
            yield at

    def _tell(self, at: AtReader) -> None:
        self.counter.at = at
        if isinstance(front := self.app.screen, DeskScreen):
            front.see()

    def _close_desk(self, why: str) -> None:
        """None of it can be done here: say so, and offer nothing of it."""
        self._shut = True
        self.query_one(Entry).disabled = True
        self.query_one("#elsewhere", Say).tell(same(why))
        for part in (*self.query("#lead, #in-reader, #counted, .here"), *self.query(Field)):
            part.display = False
        self.query_one(Lines).show([])

    def on_screen_suspend(self) -> None:
        self._covered = True

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.focus_first()
        self.query_one(Entry).offer()
        if self._covered and self._found:
            self.later(self._find_again())
        self._covered = False

    async def on_input_submitted(self, event: Entry.Submitted) -> None:
        """Find whom was typed; with nothing typed, open whom the arrows have marked."""
        self.trouble("")
        if text := event.value.strip():
            self.lead_on(self._find(text))
        elif self._found:
            self._open_marked()
        else:
            self.trouble("Type who it is, then press Enter. Or put their card in the reader.")

    def on_lines_picked(self) -> None:
        self._open_marked()

    def action_move(self, lines: int) -> None:
        self.query_one(Lines).move(lines)

    def action_page(self, pages: int) -> None:
        self.query_one(Lines).page(pages)

    def action_add(self) -> None:
        if not self._shut:
            self.app.push_screen(AskScreen(self.counter, Act.ADD))

    def action_aside(self, key: str) -> None:
        for one in self._asides:
            if one.key == key:
                self.app.push_screen(one.screen())

    async def action_back(self) -> None:
        self.stay.end(Leaving.ASKED)

    def show_reader(self, at: AtReader) -> None:
        card = at.card
        if card is None:
            text = at.hint
        elif card.holder_id:
            text = f"In the reader: a card of {card.holder_id}, {card.holder_name}"
        elif card.staff:
            text = f"In the reader: the staff card of {card.staff}. Take it out."
        else:
            text = "In the reader: a card that is nobody's here. To enrol it, find its holder."
        self.line("in-reader", text)

    def on_resize(self) -> None:
        self._draw()

    async def _find(self, text: str) -> None:
        try:
            found = await self.desk.find(text)
        except StaffProblem:  # the reference of a visit that leads to nobody
            self._take(text, ())
            raise
        self._take(text, found)
        if len(found) == 1 and self.is_attached:
            await self._open(found[0])

    def _take(self, sought: str, found: tuple[Found, ...]) -> None:
        """List these in place of whoever was found before."""
        if not self.is_attached:
            return
        self._sought, self._found = sought, found
        self.query_one(Lines).picked = 0
        self._draw()
        self._count()
        entry = self.query_one(Entry)
        if not found:
            entry.offer()
        elif entry.value.strip() == sought:
            entry.value = ""  # the next Enter opens, and the next person begins anew

    async def _find_again(self) -> None:
        """Back from a page, where something may have been done: who it is now."""
        sought = self._sought
        found = await self.desk.find(sought)
        if self.is_attached and sought == self._sought:
            here = [one.holder_id for one in self._found][self.query_one(Lines).picked]
            self._found = found
            self._draw()
            self._count()
            ids = [one.holder_id for one in found]
            if here in ids:
                self.query_one(Lines).move(ids.index(here) - self.query_one(Lines).picked)

    def _count(self) -> None:
        many = len(self._found)
        if many > 1:
            more = " or more" if many >= _MOST else ""
            text = f"{many}{more} people found. Up and Down choose, Enter opens:"
        else:
            text = "1 person found" if many else f"Nobody has this: {self._sought}"
        self.line("counted", text)

    def _draw(self) -> None:
        self.query_one(Lines).show([_row(one) for one in self._found])
        for key in self.query(".several"):
            key.display = len(self._found) > 1 and self.size.width >= _WIDE

    def _open_marked(self) -> None:
        if self._found:
            self.lead_on(self._open(self._found[self.query_one(Lines).picked]))

    async def _open(self, one: Found) -> None:
        self.counter.chosen = ""
        await self.open(one.holder_id)


def _row(one: Found) -> Row:
    blocked = "BLOCKED" if one.blocked_at else ""
    who = f"{column(one.holder_id, _ID)}{column(one.name, _NAME)}"
    return Row(f"{who}{blocked:<{_BLOCKED}}{one.email}", "warn" if blocked else "plain")
