"""A card in the reader becomes somebody's: what was read of it, and which way it is enrolled."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding

from kiosk.staff.desk import Act, AtReader, CardSeen, Deed, Page
from screens.maintenance.counter import Counter, DeskScreen, who_it_is
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import Lines, Row
from screens.widgets.say import Say

_LABEL = 22  # cells
_COPY = "It shows another key than the one on record: it may be a copy. Only if you know why: F9."


class EnrolScreen(DeskScreen):
    """Waits for a card, says what it is and whose, and offers the ways. A card pulled: it waits anew."""

    BINDINGS = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("enter", "take(False)", show=False),
        Binding("f9", "take(True)", show=False),
    ]
    watches = True

    def __init__(self, counter: Counter, page: Page, gives_way: str = "") -> None:
        super().__init__(counter)
        self._page, self._gives_way = page, gives_way
        self._seen: CardSeen | None = None
        self.title_text = "Desk: replace a card" if gives_way else "Desk: enrol a card"

    def content(self) -> ComposeResult:
        yield Say(same(self._named), id="who", classes="line strong gap")
        yield Say(same("Looking into the reader ..."), id="heading", classes="strong")
        yield Say(same(""), id="whose", classes="said")
        yield Lines(id="read", wrap=True)
        yield Say(same(""), id="doubt", classes="wrong")
        yield Say(same(""), id="which", classes="strong head")
        yield Lines(pick=True, id="ways")
        yield Say(same(""), id="way", classes="said-wide")

    def desk_keys(self) -> Sequence[FootKey]:
        return (
            FootKey("enter", "Enter", same("Take this way"), classes="foot-key plain"),
            FootKey("f9", "F9", same("Enrol it all the same"), classes="foot-key doubtful"),
            FootKey("up", "Up", same(""), classes="foot-key ways"),
            FootKey("down", "Down", same("Choose"), classes="foot-key ways"),
        )

    def begin(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def on_lines_picked(self) -> None:
        self._draw_way()

    def action_move(self, lines: int) -> None:
        self._ways.move(lines)
        self._draw_way()

    def action_take(self, doubtful: bool) -> None:
        """Go on with the marked way; with a card that may be a copy only by the key that says so."""
        seen = self._seen
        if seen is None or not self._ways_offered or seen.other_key is not doubtful:
            return
        way = seen.ways[self._ways.picked]
        act = Act.REPLACE if self._gives_way else Act.ENROL
        deed = Deed(
            act,
            self._page.holder_id,
            card=self._gives_way,
            new_card=seen.number,
            how=way.how,
            replace_key=doubtful,
        )
        self.propose(deed, self._named, way)

    def put_in(self, card: CardSeen) -> None:
        """That is what it waits for."""

    def show_reader(self, at: AtReader) -> None:
        if at.card is None:
            hint = at.hint or "Put the card in the reader."
            self.query_one("#heading", Say).tell(same(hint))
        if at.card != self._seen:
            self._ways.picked = 0
        self._seen = at.card
        self._draw()

    @property
    def _named(self) -> str:
        who = who_it_is(self._page.holder_id, self._page.name)
        return f"{who}: instead of {self._gives_way}" if self._gives_way else who

    @property
    def _ways(self) -> Lines:
        return self.query_one("#ways", Lines)

    @property
    def _ways_offered(self) -> int:
        return len(self._seen.ways) if self._seen is not None and not self._seen.trouble else 0

    def _draw(self) -> None:
        seen, ways = self._seen, self._ways_offered
        if seen is not None:
            self.query_one("#heading", Say).tell(same("The card in the reader"))
        self.query_one("#whose", Say).tell(same(self._whose(seen)))
        read = self.query_one("#read", Lines)
        lines = seen.lines if seen is not None else ()
        read.show([Row(f"{label:<{_LABEL}}{text}", hang=_LABEL) for label, text in lines])
        read.styles.height = min(max(1, len(lines)), max(1, self.size.height - 18))
        doubt = (seen.trouble or (_COPY if seen.other_key else "")) if seen is not None else ""
        self.query_one("#doubt", Say).tell(same(doubt))
        self.query_one("#which", Say).tell(same("How is it enrolled?" if ways else ""))
        self._ways.show([Row(_plain(way.told)) for way in seen.ways] if seen is not None and ways else [])
        self._ways.styles.height = ways
        self._draw_way()
        for name, shown in (
            ("plain", seen is not None and not seen.other_key),
            ("doubtful", seen is not None and seen.other_key),
            ("ways", ways > 1),
        ):
            for key in self.query(f".{name}"):
                key.display = bool(ways) and shown

    def _draw_way(self) -> None:
        text = ""
        if self._seen is not None and self._ways_offered:
            way = self._seen.ways[self._ways.picked]
            typed = f"To be typed next: its {way.asks}." if way.asks else "Nothing has to be typed for it."
            whole = f"{_plain(way.told)}. " if cell_len(_plain(way.told)) > self.room - 3 else ""
            text = f"{whole}{typed} {self._seen.lacking}".rstrip()
        self.query_one("#way", Say).tell(same(text))

    def _whose(self, seen: CardSeen | None) -> str:
        if seen is None:
            return ""
        if not seen.holder_id:
            return "It is nobody's yet."
        if seen.holder_id == self._page.holder_id:
            return f"It is theirs already ({seen.state})."
        return f"It belongs to {who_it_is(seen.holder_id, seen.holder_name)} ({seen.state})."


def _plain(told: str) -> str:
    return " ".join(told.split())
