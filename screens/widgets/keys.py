"""Things that can be clicked, each standing for a key: touch and mouse do what the keyboard does."""

from __future__ import annotations

from textual import events

from kiosk.i18n import Phrase, Words
from screens.widgets.say import Say


class Key(Say):
    """Pressing it is pressing a key. ``key`` is Textual's name for it, ``character`` what it types."""

    can_focus = False

    def __init__(
        self, label: Phrase, key: str, character: str | None = None, *, live: bool = False, classes: str = ""
    ) -> None:
        super().__init__(label, live=live, classes=classes)
        self.key = key
        self._character = character

    def on_mouse_down(self) -> None:
        self.add_class("-pressed")

    def on_mouse_up(self) -> None:
        self.remove_class("-pressed")

    def on_leave(self) -> None:
        self.remove_class("-pressed")

    def on_click(self, event: events.Click) -> None:
        """Type the key, as if it came from the keyboard."""
        event.stop()
        self.app.post_message(events.Key(self.key, self._character))


def same(text: str) -> Phrase:
    """A phrase that is the same in every language: a digit, a sign, a name."""

    def phrase(_: Words) -> str:
        return text

    return phrase


class FootKey(Key):
    """A key with its meaning, as in the footer: "F6 Show"."""

    def __init__(self, key: str, shown: str, meaning: Phrase, *, classes: str = "foot-key") -> None:
        super().__init__(lambda _: f"{shown} {meaning(_)}".rstrip(), key, classes=classes)


class Button(Key):
    """A large key with words on it."""

    def __init__(self, label: Phrase, key: str, *, live: bool = False, classes: str = "") -> None:
        super().__init__(label, key, live=live, classes=f"button {classes}".strip())
