"""Enforcing the retention settings from the command line."""

from __future__ import annotations

from kiosk.office.closing import due
from kiosk.office.office import office
from kiosk.retention import LAPSES, Counts
from kiosk.settings import Settings


async def enforce(settings: Settings, *, by: str) -> tuple[Counts, int]:
    """Erase all that is over; how much of what, and how many audit events are due to be closed."""
    total = Counts(0, 0, 0, 0)
    async with office(settings) as parts:
        lapsed = LAPSES
        while lapsed == LAPSES:
            counts = await parts.service.retention.enforce(by=by)
            total = Counts(*map(sum, zip(total, counts, strict=True)))
            lapsed = counts.registrations
        last, start = await due(parts.trail), await parts.trail.start()
        return total, last - start.seq if last else 0
