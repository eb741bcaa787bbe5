"""Who has the kiosk: people with cards, or somebody of the staff. Never both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Hold:
    """Taken by the maintenance side between two visits; the attendant then begins none."""

    def __init__(self) -> None:
        self.serving = False  # set by the attendant while a card has its visit
        self.restart: Callable[[], None] = lambda: None  # set by the attendant: ends it, to be started again
        self.spent = 0  # the insertion that staff have left in the reader: it begins no visit
        self.stays = 0  # of staff so far: each has covered what the kiosk showed
        self._taken = asyncio.Event()
        self._free = asyncio.Event()
        self._free.set()

    def taken(self) -> bool:
        """Whether the staff have the kiosk."""
        return self._taken.is_set()

    def take(self) -> bool:
        """Take the kiosk; False while somebody is being served, or it is taken already."""
        if self.serving or self.taken():
            return False
        self.stays += 1
        self._free.clear()
        self._taken.set()
        return True

    def give_back(self, insertion: int) -> None:
        """Let the attendant go on, but not with the card of that insertion."""
        self.spent = insertion
        self._taken.clear()
        self._free.set()

    async def until_taken(self) -> None:
        """Wait until the staff have it; at once if they do."""
        await self._taken.wait()

    async def until_free(self) -> None:
        """Wait until they have given it back."""
        await self._free.wait()
