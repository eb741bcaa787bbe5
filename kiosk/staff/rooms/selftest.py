"""The self-test, begun at the kiosk itself; how it went is kept."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace

from kiosk.audit import Event, Outcome, Subject
from kiosk.selftest.report import Report, StepReport
from kiosk.staff.account import Account, StaffProblem
from kiosk.staff.rooms.rights import TECHNICIANS, Room, for_roles
from kiosk.staff.tools import SelftestResult
from kiosk.storage.staff import SelftestRow
from kiosk.store import Store

log = logging.getLogger(__name__)

LONGEST = 200  # characters of what is kept of a step

Run = Callable[[Callable[[StepReport], None]], Awaitable[Report]]


class SelftestRoom(Room):
    """Runs it. ``run`` has the kiosk's own keys, settings and mail server, and parts of its own."""

    def __init__(self, account: Account, store: Store, run: Run) -> None:
        self.account = account
        self._store = store
        self._run = run
        self._running = False

    @for_roles(TECHNICIANS)
    async def last(self) -> SelftestResult | None:
        """How the last one at this kiosk went; None: there was none."""
        async with self._store.work() as session:
            row = await session.get(SelftestRow, self._store.kiosk)
        if row is None:
            return None
        return SelftestResult(
            row.ok, row.at, row.by, tuple(StepReport(**step) for step in json.loads(row.report))
        )

    @for_roles(TECHNICIANS)
    async def run(self, told: Callable[[StepReport], None]) -> SelftestResult:
        """Run one; ``told`` hears of each step as it ends. Raises StaffProblem while one is running."""
        if self._running:
            raise StaffProblem("a self-test is running: wait for its end")
        self._running = True
        try:
            report = await self._run(lambda step: told(_short(step)))
        finally:
            self._running = False
        result = SelftestResult(
            report.ok, self._store.clock.now(), self.account.name, tuple(map(_short, report.steps))
        )
        await self._keep(result)
        return result

    async def _keep(self, result: SelftestResult) -> None:
        steps = json.dumps([asdict(step) for step in result.steps])
        failed = next((step.name for step in result.steps if not step.ok), "")
        async with self._store.work() as session:
            await session.merge(
                SelftestRow(kiosk=self._store.kiosk, at=result.at, by=result.by, ok=result.ok, report=steps)
            )
            about, outcome = Subject(actor=self.account.name), Outcome.OK if result.ok else Outcome.FAILED
            self._store.audit.record(session, Event.SELFTEST_RUN, about, outcome, failed)
        if result.ok:
            log.info("the self-test went well, run by %s", result.by)
        else:
            log.warning("the self-test failed at %s, run by %s", failed, result.by)


def _short(step: StepReport) -> StepReport:
    return replace(step, detail=step.detail[:LONGEST])
