"""The demo: a whole kiosk on its embedded default, with nothing outside this process."""

from __future__ import annotations

from cardio.virtual.reader import VirtualReader
from kiosk.demo.cast import cast, enrol_cast
from kiosk.demo.desk import Desk
from kiosk.demo.history import write_history
from kiosk.demo.scratch import scratch_kiosk
from kiosk.demo.staff import roles, sign_up, staff
from kiosk.dialogue import Stage
from kiosk.refusals import OutOfService
from kiosk.settings import Settings
from kiosk.shift import Shift
from kiosk.staff.entry import Lobby
from kiosk.steps import Closed
from kiosk.wiring import put_together

SITE = {
    "kiosk_name": "Demo kiosk",
    "organisation": "Aire Valley Trust",
    "ra_phone": "0113 496 0000",
    "ra_where": "Room 12, next to Reception",
    "ra_hours": "Monday to Friday, 8 to 18",
}


class DemoKiosk:
    """Virtual reader, scratch database, and a mail server to which the kiosk's own client connects."""

    virtual = True

    def __init__(self, settings: Settings | None = None, *, history: bool = False) -> None:
        """``settings``: where given, a site's own, shown on virtual parts. ``history``: made-up months."""
        self._history = history
        self.settings = settings or Settings().changed(site=SITE)
        self._reader = VirtualReader()
        self._cast, self._staff = cast(), staff()
        self.desk = Desk(self._cast, roles(self._staff, self.settings.staff), self._reader, self.close)
        self._shift = Shift()

    @property
    def lobby(self) -> Lobby | None:
        """Where staff come in; None while nobody attends."""
        return self._shift.lobby

    async def attend(self, stage: Stage) -> int:
        """Set the scene in a scratch folder, serve until closed, and leave nothing behind."""
        stage.show(Closed(OutOfService.STARTING))
        async with scratch_kiosk(self.settings) as scratch:
            self.desk.deliver(lambda: scratch.inbox)
            parts = put_together(
                scratch.settings, reader=self._reader, keys=scratch.keys, mailer=scratch.mailer
            )
            if self._history:  # before anything else: no event is earlier than the one before it
                await write_history(parts.service.store)
            await enrol_cast(self._cast, parts)
            await sign_up(self._staff, parts.accounts)
            return await self._shift.work(stage, parts)

    def close(self) -> None:
        """End at the next question."""
        self._shift.end()
