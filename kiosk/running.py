"""The real kiosk: opens what the configuration names, and serves people until it is closed."""

from __future__ import annotations

import logging
from contextlib import suppress

from kiosk.clock import Clock
from kiosk.dialogue import Stage
from kiosk.keyring import KeyRing, key_ring
from kiosk.origin import require_pepper_of
from kiosk.provenance import Origins
from kiosk.settings import Settings
from kiosk.shift import Shift
from kiosk.staff.entry import Lobby
from kiosk.storage.database import StoreUnavailable
from kiosk.storage.place import place, sqlite_file
from kiosk.storage.schema import require_schema
from kiosk.wiring import pcsc_reader, put_together, smtp_mailer


def log_to_journal() -> None:
    """Let the kiosk's log go to standard error, heads of the audit trail included."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("kiosk").setLevel(logging.INFO)


class RealKiosk:
    """The kiosk of a configuration: real reader, real store, real mail server."""

    virtual = False

    def __init__(self, settings: Settings, origins: Origins | None = None) -> None:
        """``origins``: where they were written. Raises KeyProblem, StoreOutOfDate before any screen."""
        store, there = place(settings), False
        with suppress(StoreUnavailable):  # then it begins out of service, and comes back by itself
            require_schema(store)
            there = True
        self.settings = settings
        self._origins = origins or {}
        self._keys: KeyRing = key_ring(settings)
        if there:  # where it is away now, the watch looks at this
            with suppress(StoreUnavailable):
                require_pepper_of(store, settings, self._keys.pepper)
        self._mailer = smtp_mailer(settings)
        self._shift = Shift()

    @property
    def lobby(self) -> Lobby | None:
        """Where staff come in; None while nobody attends."""
        return self._shift.lobby

    async def attend(self, stage: Stage) -> int:
        """Open everything, receive cards until closed, close everything."""
        reader = pcsc_reader(self.settings)
        await reader.start()  # until its first look it sees no card service
        parts = put_together(
            self.settings,
            reader=reader,
            keys=self._keys,
            mailer=self._mailer,
            clock=Clock(),
            guarded=sqlite_file(self.settings) is None,
            origins=self._origins,
        )
        return await self._shift.work(stage, parts)

    def close(self) -> None:
        """End at the next question."""
        self._shift.end()
