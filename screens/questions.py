"""Security questions of the holder's choosing, and their answers."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import SecretStr
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from kiosk.i18n import Phrase, Words
from kiosk.proofs.questions import CATALOGUE
from kiosk.steps import Answered, SetQuestions
from screens.answers import LONGEST
from screens.sentences import answer_rule
from screens.texting import TextScreen, label_width
from screens.widgets.fields import Entry
from screens.widgets.footer import Footer
from screens.widgets.keys import Button, FootKey
from screens.widgets.question import QuestionField, QuestionList, QuestionRow
from screens.widgets.refusal import Refusal
from screens.widgets.say import Say


class SetQuestionsScreen(TextScreen[SetQuestions, tuple[Answered, ...]]):
    """Rows with a different question each; Up and Down in a row take another one for it."""

    BINDINGS = [Binding("f9", "list", show=False)]

    dense = True

    def heading(self, _: Words) -> str:
        return _("Choose your security questions, and answer them")

    def explanation(self, _: Words) -> str:
        return _(
            "Pick questions whose answers you will still know in years, and others cannot find out. The up"
            " and down arrows change a question, F9 shows them all. Capitals and accents make no difference."
        )

    def body(self) -> ComposeResult:
        self._refused = {row for row, rule in enumerate(self.step.refusals) if rule is not None}
        self._lead = Say(self._text, classes="text")
        with Vertical(classes="lead"):
            yield self._lead
            yield Refusal(self._refusal)
        for row, kept in enumerate(self._rows()):
            entry = Entry(masked=True, longest=LONGEST, value=self._before(row), console=self.console)
            yield QuestionField(kept.question, entry, self._row_refusal(row), console=self.console)
        yield Button(lambda _: _("Continue"), "enter", classes="go last")
        yield QuestionList(self.step.catalogue)
        yield from self.keyboard()

    def keys(self) -> Sequence[FootKey]:
        rows = (
            FootKey("enter", "Enter", lambda _: _("Next")),
            FootKey("f9", "F9", lambda _: _("List")),
            self.show_key(),
            self.keyboard_key(),
            self.stop_key(),
        )
        for key in rows:
            key.add_class("in-rows")
        listed = "foot-key in-list"
        return (
            *rows,
            FootKey("enter", "Enter", lambda _: _("Choose"), classes=listed),
            FootKey("escape", "Esc", lambda _: _("Back"), classes=listed),
        )

    def focus_first(self) -> None:
        """The first row that was refused, else the first without an answer."""
        for row, refusal in zip(self._fields(), self.step.refusals, strict=False):
            if refusal is not None:
                self.set_focus(row.entry)
                return
        super().focus_first()

    def speak(self) -> None:
        super().speak()
        labels = ["▾ " + CATALOGUE[question].text(self.manner.words) for question in self.step.catalogue]
        for field in self._fields():
            field.widen(label_width(labels))

    def submit(self) -> None:
        empty = next((entry for entry in self.entries() if not entry.value.strip()), None)
        if empty is None:
            self.reply(
                tuple(Answered(question=row.question, answer=row.entry.secret()) for row in self._fields())
            )
        else:
            self.query_one(Refusal).tell(lambda _: _("Answer every question, then go on."))
            empty.focus()

    def on_input_changed(self, event: Entry.Changed) -> None:
        """What was wrong with an answer is not known of another one."""
        for row, field in enumerate(self._fields()):
            if field.entry is event.input and event.value != self._before(row):
                self._refused.discard(row)
                field.refuse(None)
                self._lead.tell(self._text)
                self.query_one(Refusal).tell(self._refusal)

    def on_question_field_turn(self, event: QuestionField.Turn) -> None:
        """Another question for a row: the next one that no other row has, or one from the list."""
        event.stop()
        if event.by == 0:
            self._open_list(event.row)
            return
        free = [question for question in self.step.catalogue if question not in self._taken(event.row)]
        event.row.ask(free[(free.index(event.row.question) + event.by) % len(free)])

    def action_list(self) -> None:
        """F9: the list of questions for the row in use; or back from it."""
        if self.has_class("-listing"):
            self._close_list()
            return
        row = next((row for row in self._fields() if row.has_focus_within), None)
        if row is not None:
            self._open_list(row)

    def on_question_row_taken(self, event: QuestionRow.Taken) -> None:
        event.stop()
        self._listed_for.ask(event.question)
        self._close_list()

    def on_question_list_closed(self) -> None:
        self._close_list()

    def _open_list(self, row: QuestionField) -> None:
        self._listed_for = row
        self.add_class("-listing")
        self.query_one(Footer).fit()
        self.query_one(QuestionList).offer(row.question, self._taken(row))

    def _close_list(self) -> None:
        self.remove_class("-listing")
        self.query_one(Footer).fit()
        self.call_after_refresh(self._listed_for.entry.focus)

    def _fields(self) -> list[QuestionField]:
        return list(self.query(QuestionField))

    def _taken(self, but: QuestionField) -> set[str]:
        return {row.question for row in self._fields() if row is not but}

    def _rows(self) -> list[Answered]:
        """What was typed before, filled up with questions that are not yet among it."""
        kept = list(self.step.kept[: self.step.count])
        used = {row.question for row in kept}
        free = [question for question in self.step.catalogue if question not in used]
        fresh = [Answered(question=question, answer=SecretStr("")) for question in free]
        return kept + fresh[: self.step.count - len(kept)]

    def _row_refusal(self, row: int) -> Phrase:
        rule = self.step.refusals[row] if row < len(self.step.refusals) else None
        return lambda _: "" if rule is None else answer_rule(rule, _)

    def _before(self, row: int) -> str:
        """What was typed there before."""
        kept = self.step.kept[: self.step.count]
        return kept[row].answer.get_secret_value()[:LONGEST] if row < len(kept) else ""

    def _text(self, _: Words) -> str:
        if self._refused:
            return ""
        return _("Short true answers are fine. Up and down arrows change a question.")

    def _refusal(self, _: Words) -> str:
        count = len(self._refused)
        return (
            _.n("Change {n} answer, then go on.", "Change {n} answers, then go on.", count) if count else ""
        )
