"""The lobby: where staff come in, sign in and leave."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from pydantic import SecretStr

from kiosk.hold import Hold
from kiosk.staff.account import Account
from kiosk.staff.door import Door
from kiosk.staff.entry import Leaving, Refused, Why
from kiosk.staff.rooms.session import StaffSession
from kiosk.storage.database import StoreUnavailable

log = logging.getLogger(__name__)

_QUIET = 60.0  # seconds after a line about somebody who was not let in


class StaffLobby:
    """One at a time. ``open_for`` makes what the one who signs in works with."""

    def __init__(self, hold: Hold, door: Door, open_for: Callable[[Account], StaffSession]) -> None:
        self._hold = hold
        self._door = door
        self._open_for = open_for
        self._session: StaffSession | None = None
        self._tell_again = 0.0
        self._stay = 0  # the present one; 0: nobody is here

    @property
    def card(self) -> int | None:
        """The insertion of the card in the reader; None: there is none."""
        return self._door.card

    @property
    def reads_cards(self) -> bool:
        """Whether there is a reader that a card could be put into."""
        return self._door.reads_cards

    def enter(self) -> bool:
        """Take the kiosk between two visits; False while somebody is being served."""
        if not self._hold.take():
            return False
        self._stay = self._hold.stays
        return True

    async def by_password(self, name: str, password: SecretStr) -> StaffSession | Refused:
        """Sign in with a name and its password."""
        stay = self._stay
        return await self._admit(stay, "password", await self._door.by_password(name, password))

    async def by_card(
        self, passcode: SecretStr, card: int, *, last_try: bool = False
    ) -> StaffSession | Refused:
        """Sign in with the card of that insertion, if it is still in the reader."""
        stay = self._stay
        return await self._admit(stay, "card", await self._door.by_card(passcode, card, last_try=last_try))

    def shut(self) -> None:
        """They are leaving: nothing more can be begun."""
        if self._session is not None:
            self._session.shut()

    async def standing(self) -> bool:
        """Whether whoever is signed in may still be: nobody has disabled the account, or reset it."""
        return self._session is None or await self._door.stands(self._session.account)

    async def leave(self, why: Leaving) -> None:
        """Sign out whoever is here, end what they have begun, and give the kiosk back."""
        session, self._session = self._session, None
        self._stay = 0
        try:
            if session is not None:
                session.shut()
                await session.close()
                log.info("%s signed out: %s", session.account.name, why.value)
                with suppress(StoreUnavailable):
                    await self._door.signed_out(session.account, why.value)
        finally:
            self._hold.give_back(self._door.insertion)

    def _tell_refused(self, method: str, why: Why) -> None:
        """Into the log, once a minute, whoever comes and goes meanwhile: it is anybody's to fill."""
        if monotonic() >= self._tell_again:
            self._tell_again = monotonic() + _QUIET
            log.info("somebody was not let in by %s: %s", method, why.value)

    async def _admit(self, stay: int, method: str, entry: Account | Refused) -> StaffSession | Refused:
        if isinstance(entry, Refused):  # whoever it was: what stands for a name may be a password
            self._tell_refused(method, entry.why)
            return entry
        if not stay or stay != self._stay:  # they left the door meanwhile
            await self._door.signed_out(entry, Leaving.IDLE.value)
            return Refused(Why.WRONG)
        log.info("%s signed in by %s: %s", entry.name, method, entry.role.value)
        self._session = self._open_for(entry)
        return self._session
