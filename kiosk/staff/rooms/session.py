"""StaffSession: what whoever has signed in may see and do. The screens get this, and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kiosk.staff.account import Account
from kiosk.staff.rooms.accounts import AccountsRoom
from kiosk.staff.rooms.desk import DeskRoom
from kiosk.staff.rooms.health import HealthRoom
from kiosk.staff.rooms.log import LogRoom
from kiosk.staff.rooms.mail import MailRoom
from kiosk.staff.rooms.reader import ReaderRoom
from kiosk.staff.rooms.reports import ReportsRoom
from kiosk.staff.rooms.rights import Room
from kiosk.staff.rooms.selftest import SelftestRoom
from kiosk.staff.rooms.service import ServiceDesk
from kiosk.staff.rooms.settings import SettingsRoom


class StaffSession:
    """One person at the maintenance side. Its rooms check the role, and write the audit events themselves.

    ``health``: the board; ``service``: the kiosk in and out of service; ``desk``: the officer's;
    ``accounts``: the administrator's; the others are a technician's tools.
    """

    def __init__(
        self,
        account: Account,
        health: HealthRoom,
        service: ServiceDesk,
        *,
        desk: DeskRoom,
        reader: ReaderRoom,
        mail: MailRoom,
        selftest: SelftestRoom,
        log: LogRoom,
        settings: SettingsRoom,
        reports: ReportsRoom,
        accounts: AccountsRoom,
    ) -> None:
        self.account = account
        self.health = health
        self.service = service
        self.desk = desk
        self.reader = reader
        self.mail = mail
        self.selftest = selftest
        self.log = log
        self.settings = settings
        self.reports = reports
        self.accounts = accounts
        self._at_end: list[Callable[[], Awaitable[None]]] = []

    def at_end(self, work: Callable[[], Awaitable[None]]) -> None:
        """Have something let go of when they leave: a card's session, a stream."""
        self._at_end.append(work)

    def shut(self) -> None:
        """They leave: nothing more can be begun."""
        for room in vars(self).values():
            if isinstance(room, Room):
                room.shut = True

    async def close(self) -> None:
        """Let go of everything, the newest first."""
        while self._at_end:
            await self._at_end.pop()()
