"""The way back for a kiosk whose clock was wrong for a while, and has been set right."""

from __future__ import annotations

from datetime import datetime

from kiosk.audit import Event, Subject
from kiosk.clock import BUILT
from kiosk.enrolment import EnrolmentError
from kiosk.office import fields
from kiosk.office.office import office
from kiosk.settings import Settings


async def accept_clock(settings: Settings, reason: str, *, by: str) -> datetime | None:
    """Take the present time as right, whatever the events so far are dated; None if it is believed anyway.

    Codes that wait are void: nobody can say how old they are. Raises EnrolmentError for a clock that
    cannot be right.
    """
    reason = fields.checked("the reason", fields.reason, reason)
    async with office(settings) as parts:
        store = parts.service.store
        if not store.clock.is_believable():
            raise EnrolmentError(
                f"the clock shows a time before {BUILT:%Y-%m-%d}: set it first (timedatectl)"
            )
        if await store.clock_is_believable():
            return None
        await parts.service.pendings.void_all()
        await parts.fleet.forget_the_future()
        await store.record(Event.CLOCK_ACCEPTED, Subject(actor=by), reason=reason)
        return store.clock.now()
