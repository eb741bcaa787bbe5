"""A new staff account, one question after the other: the name, what it is for, and how its owner signs in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from textual.app import ComposeResult
from textual.binding import Binding

from kiosk.staff.account import Role, StaffProblem
from kiosk.staff.foreseeing_accounts import WORK
from kiosk.staff.roster import AccountAct, AccountDeed, Opens
from screens.maintenance.account_change import Roll, change_screen
from screens.maintenance.listing import ToolScreen
from screens.widgets.fields import Entry, Field
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import Lines, Row
from screens.widgets.say import Say

_LONGEST = 64  # characters, more than a name may have: what is too long is said, not cut
_LABEL = 14  # cells
_TITLE = "Maintenance: new account"
_WAYS = {
    Opens.PASSWORD: "typed here, twice: best by its owner",
    Opens.CARD: "their own, in the reader; they type its passcode",
}


class NewAccountScreen(ToolScreen):
    """The name, for which everything else is asked then."""

    title_text = _TITLE
    types = True

    def __init__(self, roll: Roll) -> None:
        super().__init__(roll.session, roll.stay, roll.manner)
        self._roll = roll

    def content(self) -> ComposeResult:
        yield Say(same("What is their staff name?"), classes="strong gap")
        yield Field(same("Name"), Entry(masked=False, longest=_LONGEST, console=self.console, offers=True))
        yield Say(same(""), id="wrong", classes="wrong")
        yield Say(
            same("They sign in with it, and it stands on record for all that they do."),
            classes="soft",
        )

    def tool_keys(self) -> Sequence[FootKey]:
        return (FootKey("enter", "Enter", same("Go on")),)

    def focus_first(self) -> None:
        self.query_one(Entry).focus()

    def on_screen_resume(self) -> None:
        self.query_one(Entry).offer()

    async def on_input_submitted(self, event: Entry.Submitted) -> None:
        self._refuse("")
        if event.value.strip():
            self.lead_on(self._go_on(event.value))
        else:
            self.query_one(Field).refuse(same("Type their staff name"))

    def action_move(self, lines: int) -> None:
        """There is no list."""

    def action_page(self, pages: int) -> None:
        """There is no list."""

    def _refuse(self, text: str) -> None:
        self.query_one(Field).refuse(same("Choose another name") if text else None)
        self.query_one("#wrong", Say).tell(same(f"{text[:1].upper()}{text[1:]}." if text else ""))

    async def _go_on(self, typed: str) -> None:
        try:
            name = await self.session.accounts.free(typed)
        except StaffProblem as problem:
            self._refuse(str(problem))
            return
        if self.app.screen is self:
            self.app.push_screen(_asks_role(self._roll, name))


class ChooseScreen(ToolScreen):
    """Numbered choices: a digit, the arrows and Enter, or a click takes one."""

    BINDINGS = [
        *(Binding(str(digit), f"take({digit})", show=False) for digit in range(1, 10)),
        Binding("enter", "take(0)", show=False),
    ]
    title_text = _TITLE

    def __init__(
        self,
        roll: Roll,
        question: str,
        rows: Sequence[tuple[str, str]],
        take: Callable[[ChooseScreen, int], None],
    ) -> None:
        super().__init__(roll.session, roll.stay, roll.manner)
        self._question, self._rows, self._take = question, rows, take

    def content(self) -> ComposeResult:
        yield Say(same(self._question), classes="strong gap")
        yield Lines(pick=True)

    def tool_keys(self) -> Sequence[FootKey]:
        return (
            FootKey("enter", "Enter", same("Take it")),
            FootKey("up", "Up", same("")),
            FootKey("down", "Down", same("Choose")),
        )

    def begin(self) -> None:
        shown = [f"{number} {name:<{_LABEL}} {told}" for number, (name, told) in enumerate(self._rows, 1)]
        self.lines.show([Row(text) for text in shown])

    def on_lines_picked(self) -> None:
        self.action_take(0)

    def action_take(self, number: int) -> None:
        """0: the marked one."""
        at = number - 1 if number else self.lines.picked
        if 0 <= at < len(self._rows):
            self.lines.move(at - self.lines.picked)
            self._take(self, at)


def _asks_role(roll: Roll, name: str) -> ChooseScreen:
    roles = list(Role)

    def take(here: ChooseScreen, at: int) -> None:
        here.app.push_screen(_asks_way(roll, AccountDeed(AccountAct.ADD, name, roles[at])))

    rows = [(role.value, WORK[role]) for role in roles]
    return ChooseScreen(roll, f"What is the account {name} for? Nobody has two roles.", rows, take)


def _asks_way(roll: Roll, begun: AccountDeed) -> ChooseScreen:
    ways = list(Opens)

    def take(here: ChooseScreen, at: int) -> None:
        here.trouble("")
        here.lead_on(_propose(here, roll, replace(begun, opens=ways[at])))

    rows = [("a password" if way is Opens.PASSWORD else "a staff card", _WAYS[way]) for way in ways]
    return ChooseScreen(
        roll, f"How does {begun.name} sign in? The other can be added afterwards.", rows, take
    )


async def _propose(here: ChooseScreen, roll: Roll, deed: AccountDeed) -> None:
    foreseen = await roll.session.accounts.foresee(deed)
    if here.app.screen is here:
        here.app.push_screen(change_screen(roll, deed, foreseen))
