"""One deed at the desk: what will happen, the reason, and what is true afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll

from kiosk.staff.desk import Act, AtReader, CardSeen, Deed, Done, Foreseen, Grounds, Way
from screens.maintenance.counter import Counter, DeskScreen
from screens.maintenance.large import LargeCode
from screens.widgets.fields import Entry, Field
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import folded
from screens.widgets.say import Say

TITLES = {
    Act.ADD: "New person",
    Act.CLEAR_BLOCK: "Clear the block",
    Act.SET_EMAIL: "Email address",
    Act.ASSIST: "Assistance code",
    Act.WITHDRAW: "Withdraw the registration",
    Act.SUSPEND: "Suspend a card",
    Act.REVOKE: "Revoke a card",
    Act.ACTIVATE: "Take a card back into use",
    Act.CLEAR_SECRET: "Use the unblock secret again",
    Act.ENROL: "Enrol a card",
    Act.REPLACE: "Replace a card",
}
_WILL = "What will happen"
_AT_READER = frozenset({Act.ENROL, Act.REPLACE})
_WIDEST = 100  # cells of a sentence
_REASON, _ID, _SECRET = 200, 64, 256  # characters
_TWICE = 2  # fields, in which a secret is typed
_TOLD = (
    "Tell them: put the card in at a kiosk, choose 'I have a code from the RA', and type this."
    " Then a code comes by mail, which is needed too."
)


class DeedScreen(DeskScreen):
    """Enter goes from line to line, and at the last one does it; F8 does it from anywhere.

    A trouble is told here, and nothing that was typed is lost. While it is done nobody can leave.
    """

    BINDINGS = [
        Binding("f8", "do", show=False),
        Binding("enter", "on", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("tab", "next_field", show=False),
    ]

    types = True

    def __init__(self, counter: Counter, deed: Deed, foreseen: Foreseen, who: str, way: Way | None) -> None:
        super().__init__(counter)
        self._deed, self._foreseen, self._named, self._way = deed, foreseen, who, way
        self.title_text = f"Desk: {TITLES[deed.act].lower()}"
        self.watches = deed.act in _AT_READER
        self._busy = self._done = False
        self._typed_in: list[Entry] = []
        self._will = _WILL
        self._lines = foreseen.lines

    def content(self) -> ComposeResult:
        yield Say(same(self._named), id="who", classes="line strong")
        if self._deed.card or self._deed.new_card:
            yield Say(same(f"Card {self._deed.new_card or self._deed.card}"), id="card", classes="line")
        yield Say(same(_WILL), id="state", classes="strong head")
        with VerticalScroll(id="told", can_focus=False):
            yield Say(lambda _: self._listed(), id="lines", classes="said-wide")
        with Vertical(id="before"):
            yield from self._fields()
            yield Say(
                same("The reason stays on record, under your name: a ticket's number, not a name."),
                id="note",
                classes="soft",
            )
        with Vertical(id="after"):
            yield LargeCode(console=self.console)
            yield Say(same(""), id="code-ends", classes="strong")
            yield Say(same(""), id="code-gone", classes="line gap")
            yield Say(same(""), id="code-told", classes="said")

    def _fields(self) -> ComposeResult:
        if self._way is not None and self._way.asks:
            with Horizontal(id="given"):
                yield Field(same(self._way.asks), self._entry(_SECRET, masked=True))
                yield Field(same("The same again"), self._entry(_SECRET, masked=True))
        with Horizontal(id="grounds"):
            yield Field(same("Reason"), self._entry(_REASON))
            if self._foreseen.dangerous:
                with Vertical(id="to-be-sure"):
                    yield Field(same("Type their id"), self._entry(_ID))

    def _entry(self, longest: int, *, masked: bool = False) -> Entry:
        entry = Entry(masked=masked, longest=longest, console=self.console)
        self._typed_in.append(entry)
        return entry

    def desk_keys(self) -> Sequence[FootKey]:
        return (
            FootKey("enter", "Enter", same("Next"), classes="foot-key doing"),
            FootKey("f8", "F8", same(f"Do it: {TITLES[self._deed.act].lower()}"), classes="foot-key doing"),
            FootKey("enter", "Enter", same("To the person"), classes="foot-key done"),
        )

    def on_mount(self) -> None:
        super().on_mount()
        self._draw()
        self.call_after_refresh(self._say_whether_more)

    def on_resize(self) -> None:
        self.query_one("#lines", Say).tell(lambda _: self._listed())
        self.call_after_refresh(self._say_whether_more)

    def _say_whether_more(self) -> None:
        """Nobody should do what they have not read to its end."""
        if self.is_attached and not self._busy and not self._done:
            more = self.query_one("#told").max_scroll_y > 0
            self._will = f"{_WILL} (Up and Down show the rest)" if more else _WILL
            self.see()
            if not self.watches:
                self.line("state", self._will)

    def focus_first(self) -> None:
        self._next_empty().focus()

    def tick(self) -> None:
        if self._busy:  # it may take longer than anybody has to press a key
            self.stay.vigil.noticed()
        super().tick()

    def on_unmount(self) -> None:
        super().on_unmount()
        for entry in self._typed_in:  # its widgets are none of its own any more
            entry.value = ""

    def put_in(self, card: CardSeen) -> None:
        """It was put back, or another one was: that is said, and nothing is opened."""

    def show_reader(self, at: AtReader) -> None:
        if self._busy or self._done:
            return
        if at.card is None:
            text = at.hint or "Put the card back in the reader."
        elif at.card.number != self._deed.new_card:
            text = "This is another card. Put the first one back in, or press Esc."
        else:
            text = ""
        self.line("state", text or self._will, kind="wrong" if text else "")

    async def on_input_submitted(self, event: Entry.Submitted) -> None:
        entries = self._typed_in
        at = entries.index(event.input) if event.input in entries else len(entries)
        if self._asked and at < _TWICE and self._differ(at + 1):
            return
        if at + 1 < len(entries):
            entries[at + 1].focus()
        else:
            self.action_do()

    def on_descendant_focus(self) -> None:
        """Beyond the two fields of a secret nobody comes before they are the same, by a click either."""
        if self._asked and self.focused in self._typed_in[_TWICE:]:
            self._differ(_TWICE)

    def action_next_field(self) -> None:
        """To the next field, as Enter leads there, and from the last one to the first."""
        at = self._typed_in.index(self.focused) if self.focused in self._typed_in else -1
        if not (self._asked and 0 <= at < _TWICE and self._differ(at + 1)):
            self._typed_in[(at + 1) % len(self._typed_in)].focus()

    def _differ(self, typed: int) -> bool:
        """Whether the secret has not been typed, or not twice the same: that is said where it is typed anew.

        ``typed``: how often it has been. What was typed in two ways is forgotten, for nobody can see it.
        """
        first, second = list(self.query(Field))[:_TWICE]
        first.refuse(None)
        if not first.entry.value:
            second.entry.value, refusal = "", "Type it, twice"
        elif typed == _TWICE and first.entry.value != second.entry.value:
            self._forget_secret()
            refusal = "Not twice the same"
        else:
            return False
        first.refuse(same(refusal))
        first.entry.focus()
        return True

    def _forget_secret(self) -> None:
        for entry in self._typed_in[: _TWICE if self._asked else 0]:
            entry.value = ""

    def action_do(self) -> None:
        """Do it, unless something that is needed was not typed."""
        if not self._busy and not self._done and self._is_whole():
            self._busy = True
            self.trouble("")
            self.line("state", self._meanwhile)
            self._draw()
            self.later(self._do())

    def action_on(self) -> None:
        if self._done:
            self._leave()

    def action_scroll(self, lines: int) -> None:
        self.query_one("#told").scroll_relative(y=lines, animate=False)

    async def action_back(self) -> None:
        if self._done:
            self._leave()
        elif not self._busy:
            self.app.pop_screen()

    async def _do(self) -> None:
        try:
            done = await self.desk.carry_out(self._deed, self._grounds())
            self._done = True
        finally:
            self._busy = False
            if self.watches:  # it is another card now, or nobody knows what it is
                self.counter.look_again()
            if self.is_attached:
                self.line("state", self._will)
                self._draw()
                if not self._done:
                    self._forget_secret()
                    self._next_empty().focus()
        if self.is_attached:
            self._show(done)

    def _show(self, done: Done) -> None:
        for entry in self._typed_in:
            entry.value = ""
        self._lines = done.lines
        self.query_one("#lines", Say).tell(lambda _: self._listed())
        self.line("state", "Done, and on record. What is true now")
        self.query_one("#state").add_class("good-news")
        if done.code is not None:
            self.query_one(LargeCode).show(done.code)
            ends = f", until {self.manner.look.local(done.ends)}" if done.ends else ""
            self.line("code-ends", f"For one use{ends}.")
            idle = _lasting(self.stay.vigil.patience)
            self.line("code-gone", f"It is gone when you press Enter, or after {idle} without a key.")
            self.query_one("#code-told", Say).tell(same(_TOLD))

    def _leave(self) -> None:
        self.query_one(LargeCode).forget()
        self.later(self.open(self._deed.holder_id))

    def _grounds(self) -> Grounds:
        entries = self._typed_in
        given = entries[0].secret() if self._asked else None
        typed_id = entries[-1].value.strip() if self._foreseen.dangerous else ""
        return Grounds(entries[_TWICE if self._asked else 0].value.strip(), typed_id, given)

    def _is_whole(self) -> bool:
        """Refuse beside its field what is missing, or was typed in two ways."""
        for field in self.query(Field):
            field.refuse(None)
        if self._asked and self._differ(_TWICE):
            return False
        for field, refusal in self._refusals():
            field.refuse(same(refusal))
            field.entry.focus()
            return False
        return True

    def _refusals(self) -> Iterator[tuple[Field, str]]:
        fields = list(self.query(Field))[_TWICE if self._asked else 0 :]
        if not fields[0].entry.value.strip():
            yield fields[0], "Say why you do this"
        if self._foreseen.dangerous and fields[1].entry.value.strip() != self._deed.holder_id:
            yield fields[1], "Not the id of this person"

    @property
    def _asked(self) -> bool:
        return self._way is not None and bool(self._way.asks)

    @property
    def _meanwhile(self) -> str:
        return "Working on the card: leave it in ..." if self.watches else "One moment ..."

    def _next_empty(self) -> Entry:
        entries = self._typed_in
        return next((entry for entry in entries if not entry.value), entries[-1])

    def _draw(self) -> None:
        """What belongs to before it is done, while it is done, and after."""
        self.query_one("#before").display = not self._done
        self.query_one("#before").disabled = self._busy
        self.query_one("#after").display = self._done
        for key in self.query(".doing"):
            key.display = not self._busy and not self._done
        for key in self.query(".done"):
            key.display = self._done
        if self._done:
            self.remove_class("-keyboard")
        if self._busy or self._done:
            self.set_focus(None)

    def _listed(self) -> str:
        """Sentences, each in a line of its own, or more."""
        cells = min(_WIDEST, self.room - 1)
        return "\n".join(part for line in self._lines for part in folded(f"- {line}", cells, 2))


def _lasting(seconds: float) -> str:
    """So many seconds, in minutes where they are whole ones."""
    minutes, rest = divmod(round(seconds), 60)
    if rest or not minutes:
        return f"{round(seconds)} seconds"
    return "a minute" if minutes == 1 else f"{minutes} minutes"
