"""The health board: one glance, a word beside each colour, and what to do about the worst."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from kiosk.i18n import Words
from kiosk.levels import Finding, Level
from screens.widgets.lines import cut
from screens.widgets.say import Say, clean

_WORDS = {Level.OK: "good", Level.WARN: "see to it", Level.RISK: "at risk", Level.FAIL: "broken"}
_CLASSES = {Level.OK: "-good", Level.WARN: "-warn", Level.RISK: "-broken", Level.FAIL: "-broken"}
_NAME, _WORD = 14, 10  # cells
_WORST = (Level.FAIL, Level.RISK, Level.WARN)


class Line(Say):
    """One part of the machine: its name, a word, and the detail as far as there is room."""

    def __init__(self) -> None:
        super().__init__(self._text, classes="vital")
        self._finding: Finding | None = None
        self._room = 0

    def show(self, finding: Finding | None, room: int) -> None:
        """Show how it is, in so many cells; nothing for None."""
        self._finding, self._room = finding, room
        self.tell(self._text)
        wanted = _CLASSES[finding.level] if finding is not None else ""
        for name in set(_CLASSES.values()):
            self.set_class(name == wanted, name)

    def _text(self, _: Words) -> str:
        one = self._finding
        if one is None:
            return ""
        return cut(f"{one.name:<{_NAME}}{_WORDS[one.level]:<{_WORD}}{one.detail}", self._room)


class Board(VerticalScroll, can_focus=False):
    """Every line, and below them what to do about the worst ones."""

    def __init__(self, lines: int = 16) -> None:
        super().__init__(id="board")
        self._lines = [Line() for _ in range(lines)]
        self._advice = Say(lambda _: self._what_to_do, id="advice")
        self._what_to_do = ""
        self._findings: tuple[Finding, ...] = ()

    def compose(self) -> ComposeResult:
        yield from self._lines
        yield self._advice

    def on_resize(self) -> None:
        self.show(self._findings)

    def show(self, findings: tuple[Finding, ...]) -> None:
        """Draw the board anew."""
        self._findings = findings
        padded = (*findings, *([None] * len(self._lines)))
        for line, finding in zip(self._lines, padded, strict=False):
            line.show(finding, self.scrollable_content_region.width)
        self._what_to_do = "\n".join(_advice(findings))
        self._advice.tell(lambda _: self._what_to_do)


def _advice(findings: tuple[Finding, ...]) -> list[str]:
    """What to do, the worst first."""
    worst = sorted((one for one in findings if one.advice), key=lambda one: _WORST.index(one.level))
    return [f"{one.name}: {clean(one.advice)}" for one in worst if one.advice != "see above"]
