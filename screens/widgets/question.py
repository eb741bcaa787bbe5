"""A question to be chosen, with its answer; and the list to choose it from."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message

from kiosk.i18n import Phrase, Words
from kiosk.proofs.questions import CATALOGUE
from screens.widgets.fields import Entry, Field
from screens.widgets.say import Say


class QuestionLabel(Say):
    """The question of a row; a click opens the list."""

    class Clicked(Message):
        """Somebody wants another question."""

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Clicked())


class QuestionField(Field, inherit_bindings=False):
    """A row: a question, and the line for its answer. Up and Down ask for another question."""

    BINDINGS = [Binding("up", "turn(-1)", show=False), Binding("down", "turn(1)", show=False)]

    class Turn(Message):
        """Another question is wanted: the next (1), the one before (-1), or the whole list (0)."""

        def __init__(self, row: QuestionField, by: int) -> None:
            super().__init__()
            self.row = row
            self.by = by

    def __init__(self, question: str, entry: Entry, refusal: Phrase, *, console: bool) -> None:
        super().__init__(self._text, entry, refusal)
        self.question = question
        self._sign = "v" if console else "▾"

    def make_label(self, phrase: Phrase) -> Say:
        return QuestionLabel(phrase, classes="label")

    def ask(self, question: str) -> None:
        """Put another question here. An answer to the old one is no answer to it."""
        if question != self.question:
            self.question = question
            self.entry.value = ""
            self.refuse(None)
            self.retell()

    def on_question_label_clicked(self, event: QuestionLabel.Clicked) -> None:
        event.stop()
        self.action_turn(0)

    def action_turn(self, by: int) -> None:
        self.post_message(self.Turn(self, by))

    def _text(self, _: Words) -> str:
        return f"{self._sign} {CATALOGUE[self.question].text(_)}"


class QuestionRow(Say, can_focus=True, inherit_bindings=False):
    """One question of the list."""

    BINDINGS = [Binding("enter,space", "take", show=False)]

    class Taken(Message):
        """This one."""

        def __init__(self, question: str) -> None:
            super().__init__()
            self.question = question

    def __init__(self, question: str) -> None:
        super().__init__(CATALOGUE[question].text, classes="question-row")
        self.question = question

    def action_take(self) -> None:
        self.post_message(self.Taken(self.question))

    def on_click(self) -> None:
        self.action_take()


class QuestionList(Vertical, inherit_bindings=False):
    """Every question that no other row has, each on a line."""

    BINDINGS = [
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("escape", "close", show=False),
    ]

    class Closed(Message):
        """No other question after all."""

    def __init__(self, catalogue: Sequence[str]) -> None:
        super().__init__(classes="questions")
        self._catalogue = catalogue

    def compose(self) -> ComposeResult:
        for question in self._catalogue:
            yield QuestionRow(question)

    def offer(self, present: str, taken: Collection[str]) -> None:
        """Show what may be chosen, and go to the present one."""
        for row in self.query(QuestionRow):
            row.display = row.question not in taken
            if row.question == present:
                self.call_after_refresh(row.focus)

    def action_close(self) -> None:
        self.post_message(self.Closed())
