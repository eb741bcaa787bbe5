"""The last row: the keys that work here, and who helps."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal

from kiosk.i18n import Words
from kiosk.settings import Site
from screens.widgets.keys import FootKey
from screens.widgets.say import Say

_ROOM = 3  # cells between two keys, and before the contact
_SPRING = 1  # a cell that what lies between them always takes


class Contact(Say):
    """Whoever helps: name and phone, or as much of it as there is room for."""

    def __init__(self, site: Site) -> None:
        super().__init__(self._fitting, classes="contact")
        self._ways = (f"{site.ra_contact} {site.ra_phone}".strip(), site.ra_phone or site.ra_contact, "")
        self._room = 0

    def fit(self, room: int) -> None:
        """Show what fits into so many cells."""
        self._room = room
        self.tell(self._fitting)

    def _fitting(self, _: Words) -> str:
        return next((way for way in self._ways if cell_len(way) <= self._room), "")


class Footer(Horizontal):
    """Keys on the left, each clickable; the contact on the right. The keys come first."""

    def __init__(self, keys: Sequence[FootKey], site: Site) -> None:
        super().__init__(id="footer")
        self._keys = keys
        self._contact = Contact(site)

    def compose(self) -> ComposeResult:
        yield from self._keys
        yield Say(_nothing, classes="spring")
        yield self._contact

    def on_resize(self) -> None:
        self.fit()

    def fit(self) -> None:
        """Give the contact what the keys leave of the row."""
        taken = sum(cell_len(key.said) + _ROOM for key in self._keys if key.display)
        self._contact.fit(self.size.width - taken - _SPRING)


def _nothing(_: Words) -> str:
    return " "
