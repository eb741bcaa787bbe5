"""Reports, for officers and administrators: counts alone."""

from __future__ import annotations

from kiosk.reports.counting import make_report
from kiosk.reports.periods import Period
from kiosk.reports.report import Chosen, Report
from kiosk.staff.account import Account
from kiosk.staff.rooms.rights import ADMINISTRATORS, OFFICERS, Room, for_roles
from kiosk.store import Store


class ReportsRoom(Room):
    """Counts what kiosks did for people, from the audit trail of the whole store."""

    def __init__(self, account: Account, store: Store) -> None:
        self.account = account
        self._store = store

    @for_roles(OFFICERS | ADMINISTRATORS)
    async def report(self, period: Period, chosen: Chosen) -> Report:
        """All of a period, at one kiosk, at those of an organisation, or at all of them."""
        return await make_report(self._store, period, chosen)
