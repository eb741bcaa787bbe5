"""Finds what is cut off on a screen."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget

from screens.widgets.fields import Field
from screens.widgets.progress import ProgressRow
from screens.widgets.say import Say

_SHORTEST_BAR = 8  # cells of progress that still tell something


def cut(screen: Screen[object]) -> list[str]:
    """What is on the screen and cannot be seen whole, in words. Panels cover things by intent."""
    return [complaint for widget in screen.query("*") for complaint in _complaints(screen, widget)]


def _complaints(screen: Screen[object], widget: Widget) -> Iterator[str]:
    if not _displayed(widget):
        return
    name = f"{type(widget).__name__}.{'.'.join(sorted(widget.classes))}"
    region, clip = _place(screen, widget)
    if region.area and region.intersection(clip) != region:
        yield f"{name} {region} is cut to {clip}: {getattr(widget, 'said', '')!r}"
    if isinstance(widget, Say):
        width, height = widget.size
        needed = Content(widget.said).get_height({}, width) if width else 0
        if widget.said and needed > height:
            yield f"{name} needs {needed} rows of {width}, has {height}: {widget.said!r}"
        if any(cell_len(word) > width for word in widget.said.split()):
            yield f"{name} breaks a word at {width}: {widget.said!r}"
    if isinstance(widget, Field) and cell_len(str(widget.border_title or "")) > widget.size.width - 2:
        yield f"{name} has no room for {widget.border_title!r}"
    if isinstance(widget, ProgressRow) and widget.room < _SHORTEST_BAR:
        yield f"{name} has {widget.room} cells of bar"


def _displayed(widget: Widget) -> bool:
    return all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))


def _place(screen: Screen[object], widget: Widget) -> tuple[Region, Region]:
    geometry = screen.find_widget(widget)
    return geometry.region, geometry.clip
