"""The holder's own security questions."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import SecretStr
from textual.app import ComposeResult
from textual.containers import Vertical

from kiosk.i18n import Words
from kiosk.proofs.questions import CATALOGUE
from kiosk.steps import AnswerQuestions
from screens.texting import TextScreen, label_width
from screens.widgets.fields import Entry, Field
from screens.widgets.keys import Button, FootKey
from screens.widgets.refusal import Refusal
from screens.widgets.say import Say

LONGEST = 100  # characters of an answer, as in kiosk.proofs.answers


class AnswerQuestionsScreen(TextScreen[AnswerQuestions, tuple[SecretStr, ...]]):
    """All questions on one screen; one submission is one attempt."""

    dense = True

    def heading(self, _: Words) -> str:
        return _("Answer your security questions")

    def explanation(self, _: Words) -> str:
        return _(
            "You chose these questions when you registered. Capitals, accents and full stops make no"
            " difference. All answers must be right. Press F6 to see for three seconds what you have typed."
        )

    def body(self) -> ComposeResult:
        with Vertical(classes="lead"):
            yield Say(self._text, classes="text")
            yield Refusal(self._refusal)
        for question in self.step.questions:
            entry = Entry(masked=True, longest=LONGEST, console=self.console)
            yield Field(CATALOGUE[question].text, entry)
        yield Button(lambda _: _("Continue"), "enter", classes="go last")
        yield from self.keyboard()

    def keys(self) -> Sequence[FootKey]:
        following = FootKey("enter", "Enter", lambda _: _("Next"))
        return (following, self.show_key(), self.keyboard_key(), self.stop_key())

    def submit(self) -> None:
        """An empty answer is never right and would cost an attempt."""
        empty = next((entry for entry in self.entries() if not entry.value.strip()), None)
        if empty is None:
            self.reply(tuple(entry.secret() for entry in self.entries()))
        else:
            self.query_one(Refusal).tell(
                lambda _: _("Answer every question, then go on. No attempt was lost.")
            )
            empty.focus()

    def speak(self) -> None:
        super().speak()
        labels = [CATALOGUE[question].text(self.manner.words) for question in self.step.questions]
        for field in self.query(Field):
            field.widen(label_width(labels))

    def _attempts(self, _: Words) -> str:
        return _.n("You have {n} attempt left.", "You have {n} attempts left.", self.step.attempts_left)

    def _text(self, _: Words) -> str:
        if self.step.wrong:
            return ""
        if not self.step.explain:
            return self._attempts(_)
        said = _("After this you need your mail within {minutes} minutes, here or elsewhere.")
        return said.replace("{minutes}", str(self.step.code_minutes)) + " " + self._attempts(_)

    def _refusal(self, _: Words) -> str:
        return _("Not all answers are right.") + " " + self._attempts(_) if self.step.wrong else ""
