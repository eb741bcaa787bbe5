"""Why nobody can be served, by what the reader sees; and what people read then, on the kiosk's screen."""

from __future__ import annotations

from cardio.reader import State
from kiosk.i18n import Words
from kiosk.refusals import OutOfService

SHUT = {
    State.NO_SERVICE: OutOfService.CARD_SERVICE,
    State.NO_READER: OutOfService.NO_READER,
    State.SEVERAL: OutOfService.SEVERAL_READERS,
    State.BROKEN: OutOfService.NO_READER,
}
"""Of the states in which no card can be read. Store and clock are looked at by `kiosk.watch`."""


def outage(reason: OutOfService, _: Words) -> str:
    """Why the kiosk is out of service, for holders; empty while it starts."""
    reasons = {
        OutOfService.NO_READER: _("No card reader is connected."),
        OutOfService.SEVERAL_READERS: _("More than one card reader is connected."),
        OutOfService.CARD_SERVICE: _("The card reader does not answer. We are trying again all the time."),
        OutOfService.STORE: _("The kiosk cannot reach its records."),
        OutOfService.SCHEMA: _("The kiosk is being brought up to date."),
        OutOfService.CLOCK: _("The kiosk's clock is wrong."),
        OutOfService.TECHNICIAN: _("Somebody is working on it."),
    }
    return reasons.get(reason, "")
