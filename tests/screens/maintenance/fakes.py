"""A session without a kiosk: its rooms say what the test has put into them, and keep what was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar, cast

from pydantic import SecretStr

from cardio import atr
from cardio.reader import State
from cardio.tracing import TraceLine
from kiosk.levels import Finding
from kiosk.reports.periods import Period
from kiosk.reports.report import Chosen, Report
from kiosk.selftest.report import StepReport
from kiosk.staff.account import Account, Role, StaffProblem
from kiosk.staff.desk import Desk
from kiosk.staff.entry import Leaving, Refused, Why
from kiosk.staff.roster import AccountsTool
from kiosk.staff.seen import Session, Stop
from kiosk.staff.tools import (
    LogLine,
    MailServer,
    SelftestResult,
    Setting,
    Slot,
    Waiting,
)
from screens.look import Manner
from screens.maintenance.base import StaffScreen, Stay
from screens.maintenance.home import home
from tests.screens.gallery import NOW
from tests.screens.hall import Hall, hall, wait_until
from tests.screens.maintenance.facts import BOARD, CARD, LOG, OUTBOX, SERVER, SETTINGS, STEPS, TRACE
from tests.screens.maintenance.fake_accounts import ME, FakeAccounts
from tests.screens.maintenance.fake_desk import FakeDesk
from tests.screens.maintenance.figures import made_up

T = TypeVar("T")

YUBIKEY = bytes.fromhex("3B8D80018073C021C057597562694B6579F9")

NAMES = {Role.TECHNICIAN: "tess", Role.OFFICER: "olga", Role.ADMINISTRATOR: ME}


class Feed(Generic[T]):
    """A stream: what was there at first, then whatever is put in. ``open`` counts who follows it."""

    def __init__(self, *first: T) -> None:
        self._first = first
        self._more: asyncio.Queue[T | Exception] = asyncio.Queue()
        self.open = 0

    def put(self, one: T | Exception) -> None:
        """Tell whoever follows; an exception ends their stream."""
        self._more.put_nowait(one)

    async def __call__(self) -> AsyncIterator[T]:
        """The stream."""
        self.open += 1
        try:
            for one in self._first:
                yield one
            while True:
                more = await self._more.get()
                if isinstance(more, Exception):
                    raise more
                yield more
        finally:
            self.open -= 1


class FakeHealth:
    def __init__(self) -> None:
        self.board = Feed[tuple[Finding, ...]](BOARD)


class FakeService:
    def __init__(self) -> None:
        self.stopped: Stop | None = None
        self.restarts = self.prompts = 0

    async def state(self) -> Stop | None:
        return self.stopped

    async def stop(self, reason: str) -> None:
        self.stopped = Stop(reason, "tess", NOW)

    async def resume(self) -> None:
        self.stopped = None

    async def restart(self) -> None:
        self.restarts += 1

    async def login_prompt(self) -> None:
        self.prompts += 1
        if self.prompts > 1:
            raise StaffProblem("no login prompt: there is one already")


class FakeReader:
    def __init__(self) -> None:
        self.slot = Feed[Slot](
            Slot("Gemalto PC Twin", ("Gemalto PC Twin",), State.CARD, atr.parse(YUBIKEY), 1, 0)
        )
        self.trace = Feed[TraceLine](*TRACE)
        self.card: tuple[tuple[str, str], ...] | Exception = CARD

    async def inspect(self) -> tuple[tuple[str, str], ...]:
        if isinstance(self.card, Exception):
            raise self.card
        return self.card


class FakeMail:
    def __init__(self) -> None:
        self.server: MailServer | Exception = SERVER
        self.outbox = Feed[tuple[Waiting, ...]](OUTBOX)
        self.tests: list[str] = []
        self.dropped: list[tuple[int, str]] = []
        self.retries, self.due = 0, 2

    async def probe(self) -> MailServer:
        if isinstance(self.server, Exception):
            raise self.server
        return self.server

    async def send_test(self, address: str) -> None:
        if not address.endswith("@nhs.net"):
            raise StaffProblem("give one address at nhs.net, or at a subdomain")
        self.tests.append(address)

    async def retry(self) -> int:
        self.retries += 1
        return self.due

    async def drop(self, number: int, reason: str) -> None:
        if not reason:
            raise StaffProblem("say in 1 to 200 characters why it is not to be sent")
        self.dropped.append((number, reason))


class FakeSelftest:
    def __init__(self) -> None:
        self.result: SelftestResult | None = None
        self.goes_on = asyncio.Event()
        self.runs = 0

    async def last(self) -> SelftestResult | None:
        return self.result

    async def run(self, told: Callable[[StepReport], None]) -> SelftestResult:
        self.runs += 1
        for step in STEPS[:-1]:
            told(step)
        await self.goes_on.wait()
        told(STEPS[-1])
        self.result = SelftestResult(STEPS[-1].ok, NOW, "tess", STEPS)
        return self.result


class FakeLog:
    def __init__(self) -> None:
        self.lines = Feed[tuple[LogLine, ...]](LOG)


class FakeSettings:
    async def all(self) -> tuple[Setting, ...]:
        return SETTINGS


class FakeReports:
    """Makes up a report of any time; ``asked`` are those that somebody looked at."""

    def __init__(self) -> None:
        self.asked: list[tuple[Period, str]] = []
        self.trouble: Exception | None = None

    async def report(self, period: Period, chosen: Chosen) -> Report:
        self.asked.append((period, chosen.kiosk or chosen.organisation))
        if self.trouble is not None:
            raise self.trouble
        return made_up(period, chosen)


class Nobodys:
    """A room of whoever has nothing to do there: nobody is to ask it anything."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"that is for another role, and {name} was asked")


class FakeSession:
    """What one of a role sees."""

    def __init__(self, role: Role = Role.TECHNICIAN) -> None:
        self.account = Account(NAMES[role], role, False, True, False, NOW)
        self.desk: Desk = FakeDesk() if role is Role.OFFICER else cast(Desk, Nobodys())
        self.health = FakeHealth()
        self.service = FakeService()
        self.reader = FakeReader()
        self.mail = FakeMail()
        self.selftest = FakeSelftest()
        self.log = FakeLog()
        self.settings = FakeSettings()
        self.reports = FakeReports()
        self.accounts: AccountsTool = (
            FakeAccounts() if role is Role.ADMINISTRATOR else cast(AccountsTool, Nobodys())
        )


def officer(desk: FakeDesk) -> FakeSession:
    """A session of an officer's, at this desk."""
    session = FakeSession(Role.OFFICER)
    session.desk = desk
    return session


def administrator(accounts: FakeAccounts) -> FakeSession:
    """A session of an administrator's, with these accounts."""
    session = FakeSession(Role.ADMINISTRATOR)
    session.accounts = accounts
    return session


class FakeLobby:
    """A door through which nobody comes; keeps why they left."""

    def __init__(self) -> None:
        self.left: list[Leaving] = []
        self.card: int | None = None
        self.reads_cards = True
        self.is_shut = False

    def enter(self) -> bool:
        return True

    async def by_password(self, name: str, password: SecretStr) -> Session | Refused:
        return Refused(Why.WRONG)

    async def by_card(self, passcode: SecretStr, card: int, *, last_try: bool = False) -> Session | Refused:
        return Refused(Why.NOT_STAFF)

    def shut(self) -> None:
        self.is_shut = True

    async def standing(self) -> bool:
        return True

    async def leave(self, why: Leaving) -> None:
        self.left.append(why)


class Office:
    """The maintenance side of an app, with somebody signed in."""

    def __init__(self, there: Hall, session: FakeSession, lobby: FakeLobby) -> None:
        self.there, self.session, self.lobby = there, session, lobby

    @property
    def screen(self) -> StaffScreen:
        """The screen in front."""
        assert isinstance(self.there.screen, StaffScreen)
        return self.there.screen

    async def press(self, *keys: str) -> None:
        """Press keys, and let what they lead to be drawn."""
        await self.there.pilot.press(*keys)
        await self.there.settle()

    async def type(self, text: str) -> None:
        """Type a text."""
        await self.press(*("space" if sign == " " else sign for sign in text))

    async def sees(self, *texts: str) -> None:
        """Wait until all of these stand on the screen, each within a line."""
        await wait_until(lambda: all(text in self.drawn for text in texts))

    @property
    def drawn(self) -> str:
        """What is on the screen, line by line."""
        return "\n".join(line.text for line in self.screen._compositor.render_strips())


def enter(there: Hall, session: FakeSession) -> FakeLobby:
    """Sign somebody in."""
    lobby = FakeLobby()
    manner = Manner(there.app.stage._manner.look)
    stay = Stay(lobby, manner.look, 120)
    stay.who = f"{session.account.name}, {session.account.role.value}"
    there.app.push_screen(home(session, stay, manner))
    return lobby


@asynccontextmanager
async def office(session: FakeSession | None = None, **options: Any) -> AsyncIterator[Office]:
    """An app with the first screen of the maintenance side in front."""
    session = session or FakeSession()
    async with hall(**options) as there:
        lobby = enter(there, session)
        await wait_until(lambda: isinstance(there.app.screen, StaffScreen) and there.app.screen.is_mounted)
        await there.settle()
        yield Office(there, session, lobby)
