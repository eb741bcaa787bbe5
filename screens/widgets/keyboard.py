"""Letters for fingers: an on-screen keyboard with accents and @, for answers and email addresses."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message

from kiosk.i18n import Phrase
from screens.widgets.keys import Key, same

_SMALL = ("1234567890-", "qwertyuiop@", "asdfghjkl'.", "zxcvbnm,_+&")
_CAPITAL = ("1234567890-", "QWERTYUIOP@", "ASDFGHJKL'.", "ZXCVBNM,_+&")
_ACCENTS = ("áàâäãåæçćčđ", "éèêëęíìîïñń", "óòôöõøœúùûü", "ýÿŵŷßłšžðþğ")
_SIGNS = ("1234567890-", "!\"#$%&'()*+", ",./:;<=>?@_", "[\\]^`{|}~.,")
_LETTERS = (_SMALL, _CAPITAL, _ACCENTS, tuple(row.replace("ß", "ẞ").upper() for row in _ACCENTS))
_WITH_SIGNS = (_SMALL, _CAPITAL, _SIGNS, _SIGNS)


class Letter(Key):
    """A key whose letter changes with the page of the keyboard."""

    def __init__(self, row: int, column: int) -> None:
        super().__init__(same(""), "", classes="cap")
        self._at = (row, column)

    def turn(self, page: Sequence[str]) -> None:
        """Show and type what this place has on the page."""
        row, column = self._at
        self.key = self._character = page[row][column]
        self.tell(same(self.key))


class Turn(Key):
    """A key that changes the page of the keyboard instead of typing."""

    class Pressed(Message):
        """Go on to the next of two pages: capitals, or accents (or signs)."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def __init__(self, label: Phrase, by: int) -> None:
        super().__init__(label, "", classes="cap wide")
        self._by = by

    def on_click(self, event: events.Click) -> None:
        event.stop()
        event.prevent_default()
        self.post_message(self.Pressed(self._by))


class OnScreenKeyboard(Vertical):
    """Five rows of keys. It types into whatever has the focus.

    ``signs``: has the signs of ASCII in the place of letters with accents.
    """

    def __init__(self, *, signs: bool = False) -> None:
        super().__init__(classes="keyboard")
        self._pages = _WITH_SIGNS if signs else _LETTERS
        self._third = "#+=" if signs else "áéŵ"
        self._page = 0

    def compose(self) -> ComposeResult:
        for row, letters in enumerate(_SMALL):
            with Horizontal(classes="caps"):
                for column in range(len(letters)):
                    yield Letter(row, column)
        with Horizontal(classes="caps"):
            yield Turn(same("ABC abc"), 1)
            yield Turn(same(self._third), 2)
            yield Key(lambda _: _("Space"), "space", " ", classes="cap broad")
            yield Key(lambda _: _("Delete"), "backspace", classes="cap wide")
            yield Key(lambda _: _("Next"), "enter", classes="cap wide go")

    def on_mount(self) -> None:
        self._turn_to(0)

    def on_turn_pressed(self, turn: Turn.Pressed) -> None:
        """Pages are 0 small, 1 capital, 2 accents, 3 capital accents: each key flips one of the two bits."""
        turn.stop()
        self._turn_to(self._page ^ turn.by)

    def _turn_to(self, page: int) -> None:
        self._page = page
        for letter in self.query(Letter):
            letter.turn(self._pages[page])
