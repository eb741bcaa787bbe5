"""The kiosks on one store, as the office sees them."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.fleet import Sighting
from kiosk.office.office import office
from kiosk.settings import Settings


async def sightings(settings: Settings) -> Sequence[Sighting]:
    """Every kiosk, by name."""
    async with office(settings) as parts:
        return await parts.fleet.sightings()
