"""One deed at the desk: what will happen, the reason, and what is true afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from kiosk.staff.desk import Act, AtReader, CardSeen, Deed, Done, Foreseen, Grounds, Way
from screens.maintenance.counter import Counter, DeskScreen
from screens.maintenance.doing import REASON, TWICE, DoingScreen
from screens.maintenance.large import LargeCode
from screens.widgets.fields import Field
from screens.widgets.keys import FootKey, same
from screens.widgets.say import Say

TITLES = {
    Act.ADD: "New person",
    Act.CLEAR_BLOCK: "Clear the block",
    Act.SET_EMAIL: "Email address",
    Act.ASSIST: "Assistance code",
    Act.WITHDRAW: "Withdraw the registration",
    Act.SUSPEND: "Suspend a card",
    Act.REVOKE: "Revoke a card",
    Act.ACTIVATE: "Take a card back into use",
    Act.CLEAR_SECRET: "Use the unblock secret again",
    Act.ENROL: "Enrol a card",
    Act.REPLACE: "Replace a card",
}
_AT_READER = frozenset({Act.ENROL, Act.REPLACE})
_ID, _SECRET = 64, 256  # characters
_TOLD = (
    "Tell them: put the card in at a kiosk, choose 'I have a code from the RA', and type this."
    " Then a code comes by mail, which is needed too."
)


class DeedScreen(DoingScreen, DeskScreen):
    """What will happen to a holder, the grounds for it, and what came of it: maybe a code, shown once."""

    onwards = "To the person"
    note = "The reason stays on record, under your name: a ticket's number, not a name."

    def __init__(self, counter: Counter, deed: Deed, foreseen: Foreseen, who: str, way: Way | None) -> None:
        super().__init__(counter)
        self._deed, self._foreseen, self._named, self._way = deed, foreseen, who, way
        self.what = TITLES[deed.act].lower()
        self.title_text = f"Desk: {self.what}"
        self.watches = deed.act in _AT_READER
        if self.watches:
            self.under_way = "Working on the card: leave it in ..."
        self.expect(foreseen.lines, asked=way is not None and bool(way.asks))

    def about(self) -> ComposeResult:
        yield Say(same(self._named), id="who", classes="line strong")
        if self._deed.card or self._deed.new_card:
            yield Say(same(f"Card {self._deed.new_card or self._deed.card}"), id="card", classes="line")

    def fields(self) -> ComposeResult:
        if self._way is not None and self._way.asks:
            with Horizontal(id="given"):
                yield Field(same(self._way.asks), self.entry(_SECRET, masked=True))
                yield Field(same("The same again"), self.entry(_SECRET, masked=True))
        with Horizontal(id="grounds"):
            yield Field(same("Reason"), self.entry(REASON))
            if self._foreseen.dangerous:
                with Vertical(id="to-be-sure"):
                    yield Field(same("Type their id"), self.entry(_ID))

    def after(self) -> ComposeResult:
        yield LargeCode(console=self.console)
        yield Say(same(""), id="code-ends", classes="strong")
        yield Say(same(""), id="code-gone", classes="line gap")
        yield Say(same(""), id="code-told", classes="said")

    def desk_keys(self) -> Sequence[FootKey]:
        return self.doing_keys()

    def say_state(self) -> None:
        self.see()
        if not self.watches:
            super().say_state()

    def put_in(self, card: CardSeen) -> None:
        """It was put back, or another one was: that is said, and nothing is opened."""

    def show_reader(self, at: AtReader) -> None:
        if self.busy or self.done:
            return
        if at.card is None:
            text = at.hint or "Put the card back in the reader."
        elif at.card.number != self._deed.new_card:
            text = "This is another card. Put the first one back in, or press Esc."
        else:
            text = ""
        self.line("state", text or self.will, kind="wrong" if text else "")

    async def carry_out(self) -> Done:
        return await self.desk.carry_out(self._deed, self._grounds())

    def over(self) -> None:
        if self.watches:  # it is another card now, or nobody knows what it is
            self.counter.look_again()

    def show(self, done: Done) -> None:
        if done.code is not None:
            self.query_one(LargeCode).show(done.code)
            ends = f", until {self.manner.look.local(done.ends)}" if done.ends else ""
            self.line("code-ends", f"For one use{ends}.")
            idle = _lasting(self.stay.vigil.patience)
            self.line("code-gone", f"It is gone when you press Enter, or after {idle} without a key.")
            self.query_one("#code-told", Say).tell(same(_TOLD))

    def leave(self) -> None:
        self.query_one(LargeCode).forget()
        self.later(self.open(self._deed.holder_id))

    def _grounds(self) -> Grounds:
        entries = self.typed_in
        given = entries[0].secret() if self.asked else None
        typed_id = entries[-1].value.strip() if self._foreseen.dangerous else ""
        return Grounds(entries[TWICE if self.asked else 0].value.strip(), typed_id, given)

    def _is_theirs(self, typed: str) -> bool:
        return typed.strip().casefold() == self._deed.holder_id.casefold()

    def refusals(self) -> Iterator[tuple[Field, str]]:
        fields = list(self.query(Field))[TWICE if self.asked else 0 :]
        if not fields[0].entry.value.strip():
            yield fields[0], "Say why you do this"
        if self._foreseen.dangerous and not self._is_theirs(fields[1].entry.value):
            yield fields[1], "Not the id of this person"


def _lasting(seconds: float) -> str:
    """So many seconds, in minutes where they are whole ones."""
    minutes, rest = divmod(round(seconds), 60)
    if rest or not minutes:
        return f"{round(seconds)} seconds"
    return "a minute" if minutes == 1 else f"{minutes} minutes"
