"""Bars over time. Loads plotext."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from textual.app import ComposeResult
from textual.color import Color
from textual.containers import Vertical
from textual_plotext import PlotextPlot

from screens.widgets.keys import same
from screens.widgets.say import Say

_ANSI = {"ansi_bright_cyan": "cyan+", "ansi_bright_yellow": "orange+"}  # as plotext calls them
_AXIS = 1  # cells of the line beside the numbers
_FINE = 2  # columns in a cell
_ROOM = 2  # cells between two labels


class Plot(Vertical, can_focus=False):
    """A bar for each time, in the theme's own colours, and below them as many times as there is room for."""

    def __init__(self, *, plain: bool, id: str) -> None:
        """``plain``: draw with what a console font has, and 16 colours."""
        super().__init__(id=id)
        self._plain = plain
        self._labels: Sequence[str] = ()
        self._values: Sequence[int] = ()

    def compose(self) -> ComposeResult:
        drawn = PlotextPlot()
        drawn.theme = "clear"  # plotext's own: the text is the widget's, on the widget's ground
        drawn.can_focus = False
        yield drawn
        yield Say(same(""), classes="times")

    def show(self, labels: Sequence[str], values: Sequence[int]) -> None:
        """Draw these, from left to right."""
        self._labels, self._values = labels, values
        self._lay()

    def on_resize(self) -> None:
        self._lay()

    def _lay(self) -> None:
        """Draw column by column: plotext's own bars run into each other where they are narrow.

        And its own labels stand now here, now there.
        """
        if not self._values:
            return
        drawn, top, fine = self.query_one(PlotextPlot), max(2, *self._values), 1 if self._plain else _FINE
        plot, ticks = drawn.plt, [0.0, top // 2, top]
        shown = [f"{number:,.0f}" for number in ticks]
        margin = max(map(len, shown)) + _AXIS
        edges = self._edges((self.size.width - margin) * fine)
        columns, heights = self._columns(edges)
        plot.clear_figure()
        plot.xaxes(lower=True, upper=False)
        plot.yaxes(left=True, right=False)
        plot.xlim(0, edges[-1] - 1)
        plot.ylim(0, top)
        plot.xticks([], [])
        plot.yticks(ticks, shown)
        marker = "sd" if self._plain else "hd"
        plot.scatter(columns, heights, color=self._colour(), marker=marker, fillx=True)
        self.query_one(Say).tell(same(" " * margin + self._times([edge // fine for edge in edges])))
        drawn.refresh()

    def _edges(self, columns: int) -> list[int]:
        """Where each bar begins among so many columns, and the last one ends."""
        count = len(self._values)
        return [number * max(count, columns) // count for number in range(count + 1)]

    def _columns(self, edges: list[int]) -> tuple[list[float], list[float]]:
        """The columns of all bars, and how high each is; with a gap behind each where there is room."""
        gap = 1 if edges[-1] // len(self._values) > _FINE else 0
        columns, heights = list[float](), list[float]()
        for (edge, after), value in zip(pairwise(edges), self._values, strict=True):
            wide = after - edge - gap
            columns += range(edge, edge + wide) if value else ()
            heights += [value] * (wide if value else 0)
        return columns, heights

    def _times(self, edges: list[int]) -> str:
        """The labels, each from the cell on where its bar begins, as long as it fits."""
        line = ""
        for edge, label in zip(edges, self._labels, strict=False):
            begin = len(line) + _ROOM if line else 0
            if edge >= begin and edge + len(label) <= edges[-1]:
                line = f"{line:<{edge}}{label}"
        return line

    def _colour(self) -> str | tuple[int, int, int]:
        """That of where somebody is, as plotext takes it."""
        value = self.app.theme_variables["here"]
        return _ANSI.get(value) or Color.parse(value).rgb
