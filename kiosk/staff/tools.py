"""The tools of the maintenance side, as the screens know them: what each shows, and what can be done with it.

The rooms that do it are in `kiosk.staff.rooms`; they check the role and write the audit events. Every method
may raise NotAllowed; those that need the store, StoreUnavailable.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from cardio.atr import Atr
from cardio.reader import State
from cardio.tracing import TraceLine
from kiosk.reports.periods import Period
from kiosk.reports.report import Chosen, Report
from kiosk.selftest.report import StepReport


@dataclass(frozen=True)
class Slot:
    """The reader in use, and what is in it.

    ``readers``: every one that the card service has. ``atr`` None: no card answers. ``inserted`` and
    ``removed`` count what the reader saw since somebody looks at it: a test of its switch.
    """

    reader: str
    readers: tuple[str, ...]
    state: State
    atr: Atr | None
    inserted: int = 0
    removed: int = 0


class ReaderTool(Protocol):
    """Reader and card."""

    def slot(self) -> AsyncIterator[Slot]:
        """Reader and slot, whenever something changes."""

    def trace(self) -> AsyncIterator[TraceLine]:
        """Each command to a card meanwhile, once it has its answer; what may be secret is masked."""

    async def inspect(self) -> tuple[tuple[str, str], ...]:
        """Look at the card in the reader: label and text of each line. Raises CardIOError, StaffProblem."""


@dataclass(frozen=True)
class MailServer:
    """What a connection to the mail server showed. ``tls`` None: in clear; times are UTC."""

    host: str
    port: int
    tls: str | None
    certificate_expires: datetime | None
    signed_in: bool


@dataclass(frozen=True)
class Waiting:
    """A mail that nobody waits for and no server has taken yet. Whose it is, nobody is shown. Times are UTC.

    ``given_up``: its time is over, and its address erased. ``next_at``: when it is tried again.
    """

    number: int
    kind: str
    given_up: bool
    tries: int
    created_at: datetime
    next_at: datetime


class MailTool(Protocol):
    """The mail server, and the notices that wait for it."""

    async def probe(self) -> MailServer:
        """Connect, secure and sign in as for a mail, but send none. Raises StaffProblem, KeyProblem."""

    async def send_test(self, address: str) -> None:
        """Send a test mail. Raises MailNotSent; StaffProblem for an address that is not approved."""

    def outbox(self) -> AsyncIterator[tuple[Waiting, ...]]:
        """The notices that wait, the oldest first, again and again."""

    async def retry(self) -> int:
        """Have all that wait tried now; how many that is."""

    async def drop(self, number: int, reason: str) -> None:
        """Take one out: it is never sent. Raises StaffProblem without a reason, or where it is gone."""


@dataclass(frozen=True)
class SelftestResult:
    """How a self-test went, when (UTC), and who began it."""

    ok: bool
    at: datetime
    by: str
    steps: tuple[StepReport, ...]


class SelftestTool(Protocol):
    """A registration and an unlock, by a card and a holder of its own, on the real store and mail server."""

    async def last(self) -> SelftestResult | None:
        """How the last one at this kiosk went; None: there was none."""

    async def run(self, told: Callable[[StepReport], None]) -> SelftestResult:
        """Run one; ``told`` hears of each step as it ends. Raises StaffProblem while one is running."""


class Weight(Enum):
    """How grave a line of the log is."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class LogLine:
    """A message of the log. ``at`` is UTC."""

    at: datetime
    weight: Weight
    source: str
    text: str


class LogTool(Protocol):
    """The log of this process."""

    def lines(self) -> AsyncIterator[tuple[LogLine, ...]]:
        """The newest lines, the oldest of them first: at once, and whenever there are more."""


@dataclass(frozen=True)
class Setting:
    """A setting in force. ``origin``: the file and line where it is written, or that it is the default."""

    name: str
    value: str
    origin: str

    @property
    def chosen(self) -> bool:
        """Whether somebody has set it."""
        return self.origin != "default"


class SettingsTool(Protocol):
    """What the kiosk was told."""

    async def all(self) -> tuple[Setting, ...]:
        """Every setting, in the order of kiosk.toml."""


class ReportsTool(Protocol):
    """Reports: what kiosks did for people, in numbers."""

    async def report(self, period: Period, chosen: Chosen) -> Report:
        """All of a period, at one kiosk, at those of an organisation, or at all of them."""
