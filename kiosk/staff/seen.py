"""What whoever has signed in may see and do, as the screens know it: one session with its rooms.

The rooms themselves are in `kiosk.staff.rooms`; they check the role and write the audit events.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kiosk.levels import Finding
from kiosk.staff.account import Account
from kiosk.staff.desk import Desk
from kiosk.staff.roster import AccountsTool
from kiosk.staff.tools import LogTool, MailTool, ReaderTool, ReportsTool, SelftestTool, SettingsTool


@dataclass(frozen=True)
class Stop:
    """Who took the kiosk out of service, when (UTC), and what people read."""

    reason: str
    by: str
    at: datetime


class Health(Protocol):
    """The health board."""

    def board(self) -> AsyncIterator[tuple[Finding, ...]]:
        """The whole board, again and again."""


class Service(Protocol):
    """This kiosk in and out of service. Raises StoreUnavailable, NotAllowed."""

    async def state(self) -> Stop | None:
        """Why it is out of service; None: nobody has stopped it."""

    async def stop(self, reason: str) -> None:
        """Take it out of service until somebody puts it back. Raises StaffProblem for an empty reason."""

    async def resume(self) -> None:
        """Put it back into service."""

    async def restart(self) -> None:
        """End the kiosk; its supervisor starts it again."""

    async def login_prompt(self) -> None:
        """Bring a login prompt to the front, on a virtual terminal of its own. Raises StaffProblem."""


class Session(Protocol):
    """One person at the maintenance side."""

    @property
    def account(self) -> Account:
        """Who it is."""

    @property
    def health(self) -> Health:
        """How the machine is."""

    @property
    def service(self) -> Service:
        """The kiosk in and out of service."""

    @property
    def desk(self) -> Desk:
        """The officer's desk: people and their cards."""

    @property
    def reader(self) -> ReaderTool:
        """Reader and card."""

    @property
    def mail(self) -> MailTool:
        """The mail server, and the notices that wait for it."""

    @property
    def selftest(self) -> SelftestTool:
        """The self-test."""

    @property
    def log(self) -> LogTool:
        """The log of this process."""

    @property
    def settings(self) -> SettingsTool:
        """What the kiosk was told."""

    @property
    def reports(self) -> ReportsTool:
        """What kiosks did for people, in numbers."""

    @property
    def accounts(self) -> AccountsTool:
        """Staff accounts."""
