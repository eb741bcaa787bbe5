"""The kiosk in and out of service, and started again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from kiosk.audit import Event, Outcome, Subject
from kiosk.staff.account import Account, StaffProblem
from kiosk.staff.prompting import ask_for_prompt
from kiosk.staff.rooms.rights import ADMINISTRATORS, EVERYBODY, TECHNICIANS, Room, for_roles
from kiosk.staff.seen import Stop
from kiosk.storage.database import StoreUnavailable
from kiosk.storage.staff import ServiceStopRow
from kiosk.store import Store

log = logging.getLogger(__name__)

LONGEST = 120  # characters of what people read


class ServiceDesk(Room):
    """Takes this kiosk out of service, and puts it back. ``restart`` ends the process for its supervisor.

    ``login_socket``: where a login prompt is asked for; None: nowhere.
    """

    def __init__(
        self, account: Account, store: Store, restart: Callable[[], None], login_socket: Path | None = None
    ) -> None:
        self.account = account
        self._store = store
        self._restart = restart
        self._login_socket = login_socket

    @for_roles(EVERYBODY)
    async def state(self) -> Stop | None:
        """Why this kiosk is out of service; None: a technician has not stopped it."""
        async with self._store.work() as session:
            row = await session.get(ServiceStopRow, self._store.kiosk)
            return None if row is None else Stop(row.reason, row.by, row.at)

    @for_roles(TECHNICIANS)
    async def stop(self, reason: str) -> None:
        """Take it out of service until somebody puts it back. Raises StaffProblem for an empty reason."""
        text = " ".join(reason.split())
        if not text or len(text) > LONGEST or not text.isprintable():
            raise StaffProblem(f"say in 1 to {LONGEST} characters what people are to read")
        now = self._store.clock.now()
        async with self._store.work() as session:
            row = ServiceStopRow(kiosk=self._store.kiosk, reason=text, by=self.account.name, at=now)
            await session.merge(row)
            self._store.audit.record(session, Event.SERVICE_STOPPED, self._me, reason=text)
        log.warning("out of service, by %s", self.account.name)

    @for_roles(TECHNICIANS)
    async def resume(self) -> None:
        """Put it back into service."""
        async with self._store.work() as session:
            row = await session.get(ServiceStopRow, self._store.kiosk)
            if row is None:
                return
            await session.delete(row)
            self._store.audit.record(session, Event.SERVICE_RESUMED, self._me)
        log.info("back in service, by %s", self.account.name)

    @for_roles(TECHNICIANS)
    async def restart(self) -> None:
        """End the kiosk; its supervisor starts it again. Also while the store is away: it may help."""
        log.warning("to be started again, by %s", self.account.name)
        try:
            await self._store.record(Event.RESTARTED, self._me)
        except StoreUnavailable:
            log.error("not in the audit trail, the store is away: restarted by %s", self.account.name)
        self._restart()

    @for_roles(ADMINISTRATORS)
    async def login_prompt(self) -> None:
        """Bring a login prompt to the front, on a virtual terminal of its own. Raises StaffProblem.

        On record before it is there: whoever logs in may do what leaves no trace here.
        """
        if self._login_socket is None:
            raise StaffProblem(
                "this kiosk has none: staff.login_socket in kiosk.toml, see docs/operations.md"
            )
        await self._store.record(Event.LOGIN_PROMPTED, self._me)
        try:
            await ask_for_prompt(self._login_socket)
        except StaffProblem as problem:
            await self._store.record(Event.LOGIN_PROMPTED, self._me, Outcome.FAILED, str(problem))
            raise

    @property
    def _me(self) -> Subject:
        return Subject(actor=self.account.name)
