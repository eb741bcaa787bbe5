"""Staff accounts: who has one, and a letter for whatever can be done with the marked one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding

from kiosk.staff.account import Account
from kiosk.staff.roster import AccountAct, AccountDeed, Opens
from kiosk.staff.seen import Session
from screens.look import Manner
from screens.maintenance.account_change import Roll, change_screen
from screens.maintenance.base import Stay
from screens.maintenance.counter import column
from screens.maintenance.listing import ToolScreen
from screens.maintenance.new_account import NewAccountScreen
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import Lines, Row
from screens.widgets.say import Say

_ROLE, _STATE, _WAYS, _DAY = 15, 10, 16, 10  # cells
_MARK = 2  # cells before a line
_NARROWEST, _WIDEST = 12, 34  # cells of a name


@dataclass(frozen=True)
class Choice:
    """A deed that the list offers, its letter, and when it makes sense for the marked account."""

    letter: str
    name: str
    act: AccountAct
    opens: Opens | None
    sensible: Callable[[Account], bool]


CHOICES = (
    Choice("p", "New password", AccountAct.RESET, Opens.PASSWORD, lambda _: True),
    Choice("c", "Staff card", AccountAct.RESET, Opens.CARD, lambda _: True),
    Choice("d", "Disable", AccountAct.DISABLE, None, lambda one: not one.disabled),
    Choice("u", "Use again", AccountAct.RESET, None, lambda one: one.disabled),
)


class AccountsScreen(ToolScreen):
    """The list; the arrows or a click mark one. Where none can be changed here, it says where."""

    BINDINGS = [
        Binding("n,N", "new", show=False),
        *(
            Binding(f"{one.letter},{one.letter.upper()}", f"choose('{one.letter}')", show=False)
            for one in CHOICES
        ),
    ]
    title_text = "Maintenance: accounts"

    _all: tuple[Account, ...] = ()
    _here = False  # whether they can be changed on this machine
    _covered = False

    def __init__(self, session: Session, stay: Stay, manner: Manner) -> None:
        super().__init__(session, stay, manner)
        self._roll = Roll(session, stay, manner, first=self)

    def content(self) -> ComposeResult:
        yield Say(same(""), id="elsewhere", classes="notice gap")
        yield Say(same("Looking ..."), id="counted", classes="strong")
        yield Say(lambda _: self._head(), id="head", classes="soft")
        yield Lines(pick=True)
        yield Say(same(""), id="marked", classes="line head")

    def tool_keys(self) -> Sequence[FootKey]:
        return (
            FootKey("n", "N", same("New"), classes="foot-key here"),
            *(
                FootKey(one.letter, one.letter.upper(), same(one.name), classes="foot-key deed-key")
                for one in CHOICES
            ),
            FootKey("up", "Up", same("")),
            FootKey("down", "Down", same("Choose")),
        )

    def begin(self) -> None:
        self._draw()
        self.lead_on(self._look())

    def on_screen_suspend(self) -> None:
        self._covered = True

    def on_screen_resume(self) -> None:
        if self._covered:
            self._covered = False
            self.trouble("")
            self.lead_on(self._look())

    def on_resize(self) -> None:
        self._draw()

    def on_lines_picked(self) -> None:
        self._mark()

    def action_move(self, lines: int) -> None:
        super().action_move(lines)
        self._mark()

    def action_page(self, pages: int) -> None:
        super().action_page(pages)
        self._mark()

    def action_new(self) -> None:
        if self._here:
            self.trouble("")
            self.app.push_screen(NewAccountScreen(self._roll))

    def action_choose(self, letter: str) -> None:
        """Begin a deed, if the list offers it now."""
        for one in self._offered():
            if one.letter == letter and self._marked is not None:
                self.trouble("")
                self.lead_on(self._begin(AccountDeed(one.act, self._marked.name, opens=one.opens)))

    async def _begin(self, deed: AccountDeed) -> None:
        foreseen = await self.session.accounts.foresee(deed)
        if self.app.screen is self:
            self.app.push_screen(change_screen(self._roll, deed, foreseen))

    async def _look(self) -> None:
        why = await self.session.accounts.elsewhere()
        everybody = await self.session.accounts.all()
        if self.is_attached:
            self._here, self._all = not why, everybody
            self.query_one("#elsewhere", Say).tell(same(why))
            self._draw()

    @property
    def _marked(self) -> Account | None:
        return self._all[min(self.lines.picked, len(self._all) - 1)] if self._all else None

    def _offered(self) -> list[Choice]:
        marked = self._marked
        return [one for one in CHOICES if self._here and marked is not None and one.sensible(marked)]

    def _mark(self) -> None:
        if self._marked is not None:
            self._roll.marked = self._marked.name
        self._draw_marked()

    def _draw(self) -> None:
        self.lines.show([self._row(one) for one in self._all])
        names = [one.name for one in self._all]
        if self._roll.marked in names:
            self.lines.move(names.index(self._roll.marked) - self.lines.picked)
        self.query_one("#head", Say).tell(lambda _: self._head())
        if self._all:
            self.line("counted", self._counted())
        self._draw_marked()

    def _draw_marked(self) -> None:
        one = self._marked
        whole = f"{one.name}: made {self.manner.look.day(one.created_at)}" if one is not None else ""
        mine = (
            ". This is your own account" if one is not None and one.name == self.session.account.name else ""
        )
        self.line("marked", f"{whole}{mine}")
        offered = [choice.letter for choice in self._offered()]
        for key in self.query(".deed-key").results(FootKey):
            key.display = key.key in offered
        for new in self.query(".here"):
            new.display = self._here

    def _counted(self) -> str:
        shut = sum(one.disabled for one in self._all)
        many = len(self._all)
        counted = "1 account" if many == 1 else f"{many} accounts"
        return f"{counted}, {shut} of them disabled" if shut else counted

    @property
    def _cells(self) -> int:
        """Of a name."""
        left = self.room - _MARK - _ROLE - _STATE - _WAYS - _DAY - 1
        return max(_NARROWEST, min(_WIDEST, left))

    def _head(self) -> str:
        cells = self._cells + _MARK
        head = f"{'  name':<{cells}}{'role':<{_ROLE}}{'state':<{_STATE}}{'signs in by':<{_WAYS}}made"
        return head if self._all else ""

    def _row(self, one: Account) -> Row:
        state = "disabled" if one.disabled else "active"
        ways = ", ".join(way for way, has in (("password", one.password), ("card", one.card)) if has)
        made = self.manner.look.day(one.created_at)[:_DAY]
        text = (
            f"{column(one.name, self._cells)}{one.role.value:<{_ROLE}}{state:<{_STATE}}{ways:<{_WAYS}}{made}"
        )
        return Row(text, "soft" if one.disabled else "plain")
