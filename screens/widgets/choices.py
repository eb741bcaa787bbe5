"""Numbered choices, one of which is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message

from kiosk.i18n import Phrase, Words
from screens.widgets.say import Say

V = TypeVar("V")


@dataclass(frozen=True)
class Option(Generic[V]):
    """A choice: what it means to the journey and what it says."""

    value: V
    label: Phrase


def _numbered(number: int, label: Phrase) -> Phrase:
    def phrase(_: Words) -> str:
        return f"{number}  {label(_)}"

    return phrase


class Choice(Say, can_focus=True, inherit_bindings=False):
    """One of them."""

    BINDINGS = [Binding("enter,space", "take", show=False)]

    def __init__(self, number: int, label: Phrase) -> None:
        super().__init__(_numbered(number, label), classes="choice")
        self.number = number

    def action_take(self) -> None:
        self.post_message(Choices.Made(self.number))

    def on_click(self) -> None:
        self.action_take()


class Choices(Vertical, inherit_bindings=False):
    """Chosen by digit, by arrows and Enter, or by a click."""

    BINDINGS = [
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    class Made(Message):
        """A choice was made; its number counts from 1."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, labels: Sequence[Phrase]) -> None:
        super().__init__(classes="choices")
        self._labels = labels

    def compose(self) -> ComposeResult:
        for number, label in enumerate(self._labels, 1):
            yield Choice(number, label)

    def on_key(self, event: events.Key) -> None:
        if event.character and event.character in "123456789"[: len(self._labels)]:
            event.stop()
            self.post_message(self.Made(int(event.character)))
