"""Reader and card: what is plugged in and in the slot, what the card is, and every command that it gets."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from statistics import median

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widgets import Sparkline

from cardio.atr import Atr
from cardio.reader import State
from cardio.tracing import TraceLine
from kiosk.staff.tools import Slot
from screens.maintenance.listing import ToolScreen, fact
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import Lines, Row, cut
from screens.widgets.say import Say

_KEPT = 300  # commands
_TIMES = 60  # of them in the sparkline
_LABEL = 16  # cells, of what is said about a card
_HANG = 13  # cells, before what goes to a card and comes back

_READERS = {
    State.NO_SERVICE: "none can be seen: the card service (pcscd) does not run",
    State.NO_READER: "none is plugged in",
    State.SEVERAL: "several, and nothing says which: unplug the others",
    State.BROKEN: "a command never came back: plug it in again, then restart the kiosk",
}
_SLOTS = {
    State.EMPTY: "empty",
    State.CARD: "a card, and it answers",
    State.MUTE: "something that does not answer: take it out, wipe the chip, turn it",
}


class ReaderScreen(ToolScreen):
    """Above what is there now, below the card (I) or the commands (A)."""

    BINDINGS = [
        Binding("i,I", "inspect", show=False),
        Binding("a,A", "commands", show=False),
        Binding("c,C", "clear", show=False),
    ]
    title_text = "Maintenance: reader and card"

    _seen = (0, 0)  # cards that went in, and came out

    def content(self) -> ComposeResult:
        yield Say(same(fact("Reader", "...")), id="reader", classes="line strong")
        yield Say(same(""), id="plugged", classes="line")
        yield Say(same(""), id="slot", classes="line")
        yield Say(same(""), id="counted", classes="line")
        yield Say(same(""), id="atr", classes="line")
        yield Say(same(""), id="atr-says", classes="line soft")
        with Horizontal(id="times"):
            yield Say(lambda _: self._timed(), id="timed")
            if not self.console:  # its font has no such bars
                yield Sparkline([], summary_function=max, id="spark", classes="-silent")
        yield Say(same("Commands to the card"), id="below", classes="strong caption-line")
        yield Lines(wrap=True)

    def tool_keys(self) -> Sequence[FootKey]:
        return (
            FootKey("i", "I", same("Inspect card")),
            FootKey("a", "A", same("Commands")),
            FootKey("c", "C", same("Clear")),
            FootKey("up", "Up", same("")),
            FootKey("down", "Down", same("Scroll")),
        )

    def begin(self) -> None:
        self._commands: deque[TraceLine] = deque(maxlen=_KEPT)
        self._card: tuple[tuple[str, str], ...] | None = None  # what is shown of one, else the commands
        self.follow(self.session.reader.slot, self._show_slot)
        self.follow(self.session.reader.trace, self._take)

    def action_inspect(self) -> None:
        self.trouble("")
        self._card = None
        self._draw("Reading the card: leave it in")
        self.lines.end()
        self.later(self._inspect())

    def action_commands(self) -> None:
        self._card = None
        self._draw()
        self.lines.end()

    def action_clear(self) -> None:
        self._commands.clear()
        self.action_commands()

    async def _inspect(self) -> None:
        try:
            self._card = await self.session.reader.inspect()
        finally:
            if self.is_attached:
                self._draw()

    def _take(self, line: TraceLine) -> None:
        self._commands.append(line)
        if self._card is None:
            self.lines.show([row for one in self._commands for row in _told(one)], follow=True)
        self._draw_times()

    def _draw(self, heading: str = "") -> None:
        below = self.query_one("#below", Say)
        if self._card is None:
            below.tell(same(heading or "Commands to the card"))
            self.lines.show([row for one in self._commands for row in _told(one)], follow=True)
        else:
            below.tell(same("The card"))
            self.lines.show([Row(f"{label:<{_LABEL}}{text}", hang=_LABEL) for label, text in self._card])
            self.lines.start()
        self._draw_times()

    def _draw_times(self) -> None:
        self.query_one("#timed", Say).tell(lambda _: self._timed())
        for spark in self.query("#spark").results(Sparkline):
            spark.data = [line.took for line in self._commands][-_TIMES:]
            spark.set_class(not self._commands, "-silent")

    def _timed(self) -> str:
        took = [line.took for line in getattr(self, "_commands", ())]
        if not took:
            return fact("Times", "no command yet")
        typical, slowest = median(took), max(took)
        return fact("Times", f"{len(took)} commands, typically {typical:.1f} ms, at most {slowest:.1f} ms")

    def _show_slot(self, slot: Slot) -> None:
        if (slot.inserted, slot.removed) != self._seen:  # somebody is there, if without a key
            self.stay.vigil.noticed()
            self.trouble("")  # which may have been that there was none
        self._seen = slot.inserted, slot.removed
        broken = slot.state in _READERS
        self._line("reader", "Reader", _READERS.get(slot.state, slot.reader), bad=broken)
        others = "; ".join(slot.readers) or "nothing"
        self._line("plugged", "Plugged in", others)
        there = _SLOTS.get(slot.state, "cannot be seen")
        self._line("slot", "In the slot", there, bad=slot.state is State.MUTE)
        counted = f"{slot.inserted} went in, {slot.removed} came out since you opened this"
        self._line("counted", "Cards", counted)
        self._line("atr", "ATR", slot.atr.raw.hex(" ").upper() if slot.atr else "")
        self._line("atr-says", "", _meaning(slot.atr) if slot.atr else "")

    def _line(self, name: str, label: str, text: str, *, bad: bool = False) -> None:
        line = self.query_one(f"#{name}", Say)
        line.tell(same(cut(fact(label, text), max(20, self.size.width - 4))))
        line.set_class(bad, "wrong")


def _meaning(seen: Atr) -> str:
    said = [" and ".join(f"T={protocol}" for protocol in seen.protocols)]
    said += [f"{item.name}: {item.meaning or item.value.hex(' ').upper()}" for item in seen.items]
    said += [f"FAULT: {fault}" for fault in seen.faults]
    return "; ".join(filter(None, said))


def _told(line: TraceLine) -> list[Row]:
    """An exchange: what was asked and how it ended, the bytes that went out, and those that came back."""
    end = line.status if line.sw is None else f"{line.sw:04X} {line.status}"
    kind = "warn" if line.sw is None else "plain"
    rows = [Row(f"{line.took:6.1f} ms  {line.command}: {end}", kind, _HANG)]
    rows.append(Row(f"{'>':>{_HANG - 1}} {line.header}  {line.data}".rstrip(), "soft", _HANG))
    return [*rows, Row(f"{'<':>{_HANG - 1}} {line.answer}", "soft", _HANG)] if line.answer else rows
