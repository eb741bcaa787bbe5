"""The kiosk's health for Prometheus: a file for the textfile collector of node-exporter.

Only what costs little is looked at, for nobody may be there to read it. While the kiosk does not run there is
no file.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cardio.reader import Reader
from cardio.tasks import run_to_end
from kiosk.levels import Finding, Level
from kiosk.office.doctor import Check, examine, living, storing, surroundings
from kiosk.pulse import Pulse
from kiosk.refusals import OutOfService
from kiosk.settings import Settings
from kiosk.vitals import hardware, process, service

log = logging.getLogger(__name__)

EVERY = 15.0  # seconds
LIMIT = 5.0  # seconds for each check
CHEAP: tuple[tuple[str, Check], ...] = (
    ("service", living.service),
    ("store", storing.store),
    ("clock", surroundings.clock),
    ("disk", storing.disk),
    ("memory", living.memory),
    ("notices", living.notices),
)


class Textfile:
    """Writes the file while the kiosk runs. ``closed`` says why the kiosk was closed when it last looked."""

    def __init__(
        self,
        path: Path,
        settings: Settings,
        reader: Reader,
        pulse: Pulse,
        closed: Callable[[], OutOfService | None],
    ) -> None:
        self._path = path
        self._settings = settings
        self._reader = reader
        self._pulse = pulse
        self._closed = closed
        self._told = ""

    async def run(self) -> None:
        """Write until cancelled, then take the file away. Raises nothing that a full disk might cause."""
        try:
            while True:
                await self.write()
                await asyncio.sleep(EVERY)
        finally:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    async def write(self) -> None:
        """Look, and write the file anew."""
        told, *others = await examine(self._settings, CHEAP, LIMIT)
        presence = self._reader.presence
        findings = [
            service(told, presence, self._closed()),
            *hardware(self._reader.name, presence),
            *others,
            *process(self._pulse),
        ]
        figures = await self._figures()
        try:
            await run_to_end(asyncio.to_thread(self._replace, findings, figures))
        except OSError as error:
            self._tell(f"health.textfile: {self._path}: cannot be written: {error.strerror}")
        else:
            self._told = ""

    async def _figures(self) -> tuple[int, datetime | None] | None:
        try:
            async with asyncio.timeout(LIMIT):
                return await living.figures(self._settings)
        except Exception:  # the store's own line tells
            return None

    def _replace(self, findings: Sequence[Finding], figures: tuple[int, datetime | None] | None) -> None:
        """Put the whole file in place at once: node-exporter never reads half of one."""
        beside = self._path.with_name(f".{self._path.name}.new")  # the collector reads *.prom alone
        beside.write_bytes(exposition(findings, self._pulse, figures))
        beside.chmod(0o644)  # node-exporter has an account of its own
        os.replace(beside, self._path)

    def _tell(self, what: str) -> None:
        """Into the log, once until it changes."""
        if what != self._told:
            log.warning("%s", what)
            self._told = what


def exposition(
    findings: Sequence[Finding], pulse: Pulse, figures: tuple[int, datetime | None] | None
) -> bytes:
    """The text format of Prometheus. ``figures``: notices that wait, and the last unlock."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()

    def gauge(name: str, about: str, labels: Sequence[str] = ()) -> Gauge:
        return Gauge(f"kiosk_{name}", about, labels, registry=registry)

    check = gauge("check", "1 at the level that a part of the kiosk is at, else 0.", ("name", "level"))
    for one in findings:
        for level in Level:
            check.labels(one.name, level.value).set(one.level is level)
    gauge("uptime_seconds", "Seconds since the kiosk was started.").set(pulse.uptime)
    delay = gauge("event_loop_delay_seconds", "So long a key had to wait at most, within the last minute.")
    delay.set(pulse.delay)
    if figures is not None:
        waiting, unlocked = figures
        gauge("notices_waiting", "Mails that no server has taken yet.").set(waiting)
        if unlocked is not None:
            last = gauge("last_unlock_timestamp_seconds", "When a card was unlocked last, at any kiosk.")
            last.set(unlocked.timestamp())
    return generate_latest(registry)
