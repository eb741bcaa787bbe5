"""The board on which a reader shows its presence to whoever waits."""

from __future__ import annotations

import asyncio

from cardio.reader import Presence


class PresenceBoard:
    """Holds the latest presence and wakes those who wait for another. Belongs to one event loop."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._changed = asyncio.Event()

    @property
    def presence(self) -> Presence:
        """What was last shown."""
        return self._presence

    def show(self, presence: Presence) -> None:
        """Replace the presence; equal ones wake nobody."""
        if presence == self._presence:
            return
        self._presence = presence
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self, seen: Presence) -> Presence:
        """Wait until the presence differs from ``seen`` and return it; at once if it already does."""
        while self._presence == seen:
            await self._changed.wait()
        return self._presence
