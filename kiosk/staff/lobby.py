"""Where staff come in, sign in and leave. While somebody is here no journey begins."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from enum import Enum

from kiosk.hold import Hold
from kiosk.staff.accounts import Account
from kiosk.staff.door import Door, Refused
from kiosk.staff.session import StaffSession
from kiosk.storage.database import StoreUnavailable


class Leaving(Enum):
    """Why somebody was signed out."""

    ASKED = "asked"
    IDLE = "idle"
    CLOSING = "closing"


class Lobby:
    """One at a time. ``open_for`` makes what the one who signs in works with."""

    def __init__(self, hold: Hold, door: Door, open_for: Callable[[Account], StaffSession]) -> None:
        self._hold = hold
        self._door = door
        self._open_for = open_for
        self._session: StaffSession | None = None

    @property
    def door(self) -> Door:
        """Where they sign in."""
        return self._door

    def enter(self) -> bool:
        """Take the kiosk between two visits; False while somebody is being served."""
        return self._hold.take()

    def admit(self, entry: Account | Refused) -> StaffSession | Refused:
        """Open a session for whoever the door has let in."""
        if isinstance(entry, Refused):
            return entry
        self._session = self._open_for(entry)
        return self._session

    async def leave(self, why: Leaving) -> None:
        """Sign out whoever is here, end what they have begun, and give the kiosk back."""
        session, self._session = self._session, None
        try:
            if session is not None:
                await session.close()
                with suppress(StoreUnavailable):
                    await self._door.signed_out(session.account, why.value)
        finally:
            self._hold.give_back()
