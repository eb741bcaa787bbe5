"""The first screen of whoever has signed in: what their role is there for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding

from kiosk.staff.account import Role
from kiosk.staff.entry import Leaving
from kiosk.staff.seen import Session
from screens.look import Manner
from screens.maintenance.accounts import AccountsScreen
from screens.maintenance.base import StaffScreen, Stay
from screens.maintenance.board import Board
from screens.maintenance.counter import Counter
from screens.maintenance.deed import DeedScreen
from screens.maintenance.find import Aside, FindScreen
from screens.maintenance.holder import HolderScreen
from screens.maintenance.log import LogScreen
from screens.maintenance.mail import MailScreen
from screens.maintenance.reader import ReaderScreen
from screens.maintenance.reports import ReportsScreen
from screens.maintenance.selftest import SelftestScreen
from screens.maintenance.service import ServiceScreen
from screens.maintenance.settings import SettingsScreen
from screens.widgets.keys import FootKey, same

_TECHNICIANS = frozenset({Role.TECHNICIAN, Role.ADMINISTRATOR})
_IN_A_ROW, _LAST_ROW = 6, 3  # tools, at 80 cells; and those below where they take two rows


@dataclass(frozen=True)
class Tool:
    """A screen, the letter that opens it, and who is offered it. The session checks again.

    ``at_kiosk``: it makes no sense but at a kiosk. ``key`` opens it where letters are typed into a field.
    """

    letter: str
    name: str
    screen: Callable[[Session, Stay, Manner], StaffScreen]
    roles: frozenset[Role] = _TECHNICIANS
    at_kiosk: bool = False
    key: str = ""


TOOLS = (
    Tool("r", "Reader", ReaderScreen),
    Tool("m", "Mail", MailScreen, frozenset(Role), key="f9"),
    Tool("t", "Test", SelftestScreen),
    Tool("l", "Log", LogScreen),
    Tool("e", "Settings", SettingsScreen),
    Tool("p", "Report", ReportsScreen, frozenset({Role.OFFICER, Role.ADMINISTRATOR}), key="f5"),
    Tool("a", "Accounts", AccountsScreen, frozenset({Role.ADMINISTRATOR})),
    Tool("s", "Service", ServiceScreen, frozenset(Role), at_kiosk=True, key="f10"),
)


def home(session: Session, stay: Stay, manner: Manner) -> StaffScreen:
    """The first screen for that role: the desk for officers, the health board for the others."""
    if session.account.role is not Role.OFFICER:
        return HealthScreen(session, stay, manner)

    def aside(screen: Callable[[Session, Stay, Manner], StaffScreen]) -> Callable[[], StaffScreen]:
        return lambda: screen(session, stay, manner)

    health = Aside("f8", "Health", aside(HealthScreen))
    others = [Aside(tool.key, tool.name, aside(tool.screen)) for tool in tools_of(session, stay) if tool.key]
    return FindScreen(Counter(session, stay, manner, HolderScreen, DeedScreen), (health, *others))


def tools_of(session: Session, stay: Stay) -> list[Tool]:
    """What whoever is there is offered."""
    return [one for one in TOOLS if session.account.role in one.roles and (stay.at_kiosk or not one.at_kiosk)]


class HealthScreen(StaffScreen):
    """The health board, and a key for each tool. Esc signs out from here, where it is the first screen."""

    BINDINGS = [
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        *(
            Binding(f"{one.letter},{one.letter.upper()}", f"tool('{one.letter}')", show=False)
            for one in TOOLS
        ),
    ]
    title_text = "Maintenance: health"

    def __init__(self, session: Session, stay: Stay, manner: Manner) -> None:
        super().__init__(stay, manner)
        self.session = session

    def content(self) -> ComposeResult:
        yield Board()

    def more_keys(self) -> Sequence[FootKey]:
        above, _ = self._rows()
        return [*map(_key, above)]

    def keys(self) -> Sequence[FootKey]:
        back = FootKey("escape", "Esc", same("Sign out" if self._first else "Back"))
        _, below = self._rows()
        return (*map(_key, below), back)

    def _rows(self) -> tuple[list[Tool], list[Tool]]:
        """The tools of the row above the footer, and of the footer."""
        tools = self._tools
        at = len(tools) - _LAST_ROW if len(tools) > _IN_A_ROW else 0
        return tools[:at], tools[at:]

    def begin(self) -> None:
        self.follow(self.session.health.board, self.query_one(Board).show)

    def action_scroll(self, lines: int) -> None:
        """What to do, and what is well, may take more lines than there are."""
        self.query_one(Board).move(lines)

    def action_tool(self, letter: str) -> None:
        for tool in self._tools:
            if tool.letter == letter:
                self.app.push_screen(tool.screen(self.session, self.stay, self.manner))

    async def action_back(self) -> None:
        if self._first:
            self.stay.end(Leaving.ASKED)
        else:
            await super().action_back()

    @property
    def _first(self) -> bool:
        return self.session.account.role is not Role.OFFICER

    @property
    def _tools(self) -> list[Tool]:
        return tools_of(self.session, self.stay) if self._first else []


def _key(tool: Tool) -> FootKey:
    return FootKey(tool.letter, tool.letter.upper(), same(tool.name))
