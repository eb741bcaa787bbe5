"""The health board: one glance, a word beside each colour, and what to do about the worst."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from kiosk.levels import ELSEWHERE, Finding, Level
from screens.widgets.keys import Key, same
from screens.widgets.lines import Lines, Row, cut, folded
from screens.widgets.say import clean

_WORDS = {Level.OK: "good", Level.WARN: "see to it", Level.RISK: "at risk", Level.FAIL: "broken"}
_KINDS = {Level.OK: "plain", Level.WARN: "warn", Level.RISK: "bad", Level.FAIL: "bad"}
_NAME, _WORD = 14, 10  # cells
_WORST = (Level.FAIL, Level.RISK, Level.WARN)
_BLANK = Row("")


class Board(Vertical, can_focus=False):
    """A line for each part of the machine, and what to do about the worst ones.

    Where there is no room for all, the last of the good ones come after that advice, and a key says so.
    """

    def __init__(self) -> None:
        super().__init__(id="board")
        self._lines = Lines()
        self._up, self._down = (Key(same(""), key, classes="foot-key") for key in ("up", "down"))
        self._findings: tuple[Finding, ...] = ()
        self._rows: list[Row] = []

    def compose(self) -> ComposeResult:
        yield self._lines
        with Horizontal(id="more"):
            yield self._up
            yield self._down

    def on_resize(self) -> None:
        self.show(self._findings)

    def show(self, findings: tuple[Finding, ...]) -> None:
        """Draw the board anew, once it is known how large it is."""
        self._findings = findings
        if not self.size:
            return
        self._rows = _laid(findings, max(8, self.size.width - 1), self.size.height)  # beside a scrollbar
        self._lines.show(self._rows)
        self.set_class(len(self._rows) > self.size.height, "-more")
        self.call_after_refresh(self._look_where)

    def move(self, lines: int) -> None:
        """So many lines down, or up."""
        self._lines.move(lines)
        self.call_after_refresh(self._look_where)

    def _look_where(self) -> None:
        """Say what is below the last line in sight."""
        top = round(self._lines.scroll_target_y)
        below = [row for row in self._rows[top + self._lines.size.height :] if row.text]
        self._up.tell(same("Up" if top else ""))
        self._down.tell(same(cut(f"Down {_hidden(below)}", self.size.width - 4) if below else ""))


def _laid(findings: Sequence[Finding], width: int, height: int) -> list[Row]:
    """The lines, a blank one, and what to do; then the good lines that would push that out of sight."""
    advice = _advice(findings, width)
    first, later = list(findings), list[Finding]()
    if len(_drawn(first, width)) + len(advice) > height:
        good = [one for one in findings if one.level is Level.OK]
        while good and len(_drawn(first, width)) + len(advice) >= height:  # the last row has the keys
            first.remove(good[-1])
            later.insert(0, good.pop())
    rest = [_BLANK, *_drawn(later, width)] if later else []
    return [*_drawn(first, width), *advice, *rest]


def _drawn(findings: Sequence[Finding], width: int) -> list[Row]:
    """Name, word and detail. What has to be mended is told whole; what is well, or only at risk, is cut."""
    rows: list[Row] = []
    for one in findings:
        text, kind = f"{one.name:<{_NAME}}{_WORDS[one.level]:<{_WORD}}{clean(one.detail)}", _KINDS[one.level]
        whole = one.level in (Level.FAIL, Level.WARN)
        lines = folded(text, width, _NAME + _WORD) if whole else (cut(text, width),)
        rows += (Row(line, kind) for line in lines)
    return rows


def _advice(findings: Sequence[Finding], width: int) -> list[Row]:
    """What to do, the worst first, below a blank line; the same for several of them once."""
    names: dict[str, list[str]] = {}
    worst = [one for one in findings if one.advice not in ("", ELSEWHERE)]
    for one in sorted(worst, key=lambda one: _WORST.index(one.level)):
        names.setdefault(one.advice, []).append(one.name)
    texts = [f"{', '.join(of)}: {clean(advice)}" for advice, of in names.items()]
    return (
        [_BLANK, *(Row(line, "strong") for text in texts for line in folded(text, width, 2))] if texts else []
    )


def _hidden(below: Sequence[Row]) -> str:
    """What the lines below are about."""
    if any(row.kind != "plain" for row in below):
        return "there is more to see to"
    return f"{len(below)} more, all good: {', '.join(row.text[:_NAME].strip() for row in below)}"
