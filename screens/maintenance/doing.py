"""What screens on which something is done have in common: what will happen, the reason, what is true then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll

from screens.maintenance.base import StaffScreen
from screens.widgets.fields import Entry, Field
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import folded
from screens.widgets.say import Say

TWICE = 2  # fields, in which a secret is typed
REASON = 200  # characters
_WILL = "What will happen"
_WIDEST = 100  # cells of a sentence


class DoingScreen(StaffScreen):
    """Enter goes from line to line, and at the last one does it; F8 does it from anywhere.

    A trouble is told here, and nothing that was typed is lost. While it is done nobody can leave. Subclasses
    call `expect`, and give `about`, `fields`, `refusals`, `carry_out` and `leave`.

    ``what`` is done, and leads ``onwards``. ``asked``: the first two fields are for a secret, typed twice.
    """

    BINDINGS = [
        Binding("f8", "do", show=False),
        Binding("enter", "on", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("tab", "next_field", show=False),
    ]
    types = True
    what = ""
    onwards = ""
    note = ""
    under_way = "One moment ..."

    def expect(self, lines: Sequence[str], *, asked: bool = False) -> None:
        """Say what will happen, a sentence each, before the screen is drawn."""
        self.asked = asked
        self.busy = self.done = False
        self.will = _WILL
        self.typed_in: list[Entry] = []
        self._lines = tuple(lines)

    def about(self) -> ComposeResult:
        """What it is about."""
        yield from ()

    def fields(self) -> ComposeResult:
        """What has to be typed, made with `entry`."""
        yield from ()

    def after(self) -> ComposeResult:
        """What is shown below what is true then."""
        yield from ()

    def refusals(self) -> Iterator[tuple[Field, str]]:
        """What is missing of what is typed once, or wrong with it."""
        yield from ()

    async def carry_out(self) -> Any:
        """Do it; gives what `show` is to show."""

    def show(self, done: Any) -> None:
        """Show what it has led to."""

    def leave(self) -> None:
        """Go on, after it was done."""

    def over(self) -> None:
        """It has ended, well or not."""

    def content(self) -> ComposeResult:
        yield from self.about()
        yield Say(same(_WILL), id="state", classes="strong head")
        with VerticalScroll(id="told", can_focus=False):
            yield Say(lambda _: self._listed(), id="lines", classes="said-wide")
        with Vertical(id="before"):
            yield from self.fields()
            yield Say(same(self.note), id="note", classes="soft")
        with Vertical(id="after"):
            yield from self.after()

    def entry(self, longest: int, *, masked: bool = False) -> Entry:
        """A line to type in; Enter goes through them in the order in which they are made."""
        entry = Entry(masked=masked, longest=longest, console=self.console)
        self.typed_in.append(entry)
        return entry

    def doing_keys(self) -> Sequence[FootKey]:
        """The footer's keys, but for the way back."""
        return (
            FootKey("enter", "Enter", same("Next"), classes="foot-key doing"),
            FootKey("f8", "F8", same(f"Do it: {self.what}"), classes="foot-key doing"),
            FootKey("enter", "Enter", same(self.onwards), classes="foot-key done"),
        )

    def begin(self) -> None:
        self.draw()
        self.call_after_refresh(self._say_whether_more)

    def on_resize(self) -> None:
        self.query_one("#lines", Say).tell(lambda _: self._listed())
        self.call_after_refresh(self._say_whether_more)

    def _say_whether_more(self) -> None:
        """Nobody should do what they have not read to its end."""
        if self.is_attached and not self.busy and not self.done:
            more = self.query_one("#told").max_scroll_y > 0
            self.will = f"{_WILL} (Up and Down show the rest)" if more else _WILL
            self.say_state()

    def say_state(self) -> None:
        """Say above the sentences what they are."""
        self.line("state", self.will)

    def focus_first(self) -> None:
        if (entry := self._next_empty()) is not None:
            entry.focus()

    def tick(self) -> None:
        if self.busy:  # it may take longer than anybody has to press a key
            self.stay.vigil.noticed()
        super().tick()

    def on_unmount(self) -> None:
        super().on_unmount()
        for entry in self.typed_in:  # its widgets are none of its own any more
            entry.value = ""

    async def on_input_submitted(self, event: Entry.Submitted) -> None:
        entries = self.typed_in
        at = entries.index(event.input) if event.input in entries else len(entries)
        if not (self.asked and at < TWICE and self.differ(at + 1)):
            self.go_on_from(at)

    def go_on_from(self, at: int) -> None:
        """To the next line, and from the last one to doing it."""
        if at + 1 < len(self.typed_in):
            self.typed_in[at + 1].focus()
        else:
            self.action_do()

    def on_descendant_focus(self) -> None:
        """Beyond the two fields of a secret nobody comes before they are the same, by a click either."""
        if self.asked and self.focused in self.typed_in[TWICE:]:
            self.differ(TWICE)

    def action_next_field(self) -> None:
        """To the next field, as Enter leads there, and from the last one to the first."""
        at = self.typed_in.index(self.focused) if self.focused in self.typed_in else -1
        if self.typed_in and not (self.asked and 0 <= at < TWICE and self.differ(at + 1)):
            self.typed_in[(at + 1) % len(self.typed_in)].focus()

    def differ(self, typed: int) -> bool:
        """Whether the secret has not been typed, or not twice the same: that is said where it is typed anew.

        ``typed``: how often it has been. What was typed in two ways is forgotten, for nobody can see it.
        """
        first, second = list(self.query(Field))[:TWICE]
        first.refuse(None)
        if not first.entry.value:
            second.entry.value, refusal = "", "Type it, twice"
        elif typed == TWICE and first.entry.value != second.entry.value:
            self.forget_secret()
            refusal = "Not twice the same"
        else:
            return False
        first.refuse(same(refusal))
        first.entry.focus()
        return True

    def forget_secret(self) -> None:
        """Have what was typed twice no more."""
        for entry in self.typed_in[: TWICE if self.asked else 0]:
            entry.value = ""

    def action_do(self) -> None:
        """Do it, unless something that is needed was not typed."""
        if not self.busy and not self.done and self._is_whole():
            self.busy = True
            self.trouble("")
            self.line("state", self.under_way)
            self.draw()
            self.later(self._do())

    def action_on(self) -> None:
        """Enter, with no field in use."""
        if self.done:
            self.leave()
        elif not self.typed_in:
            self.action_do()

    def action_scroll(self, lines: int) -> None:
        self.query_one("#told").scroll_relative(y=lines, animate=False)

    async def action_back(self) -> None:
        if self.done:
            self.leave()
        elif not self.busy:
            self.app.pop_screen()

    async def _do(self) -> None:
        try:
            done = await self.carry_out()
            self.done = True
        finally:
            self.busy = False
            self.over()
            if self.is_attached:
                self.line("state", self.will)
                self.draw()
                if not self.done:
                    self.forget_secret()
                    self.focus_first()
        if self.is_attached:
            for entry in self.typed_in:
                entry.value = ""
            self._lines = done.lines
            self.query_one("#lines", Say).tell(lambda _: self._listed())
            self.line("state", "Done, and on record. What is true now")
            self.query_one("#state").add_class("good-news")
            self.show(done)

    def _is_whole(self) -> bool:
        """Refuse beside its field what is missing, or was typed in two ways."""
        for field in self.query(Field):
            field.refuse(None)
        if self.asked and self.differ(TWICE):
            return False
        for field, refusal in self.refusals():
            field.refuse(same(refusal))
            field.entry.focus()
            return False
        return True

    def _next_empty(self) -> Entry | None:
        last = self.typed_in[-1] if self.typed_in else None
        return next((entry for entry in self.typed_in if not entry.value), last)

    def draw(self) -> None:
        """What belongs to before it is done, while it is done, and after."""
        self.query_one("#before").display = not self.done
        self.query_one("#before").disabled = self.busy
        self.query_one("#after").display = self.done
        for key in self.query(".doing"):
            key.display = not self.busy and not self.done
        for key in self.query(".done"):
            key.display = self.done
        if self.done:
            self.remove_class("-keyboard")
        if self.busy or self.done:
            self.set_focus(None)

    def _listed(self) -> str:
        """Sentences, each in a line of its own, or more."""
        cells = min(_WIDEST, self.room - 1)
        return "\n".join(part for line in self._lines for part in folded(f"- {line}", cells, 2))
