"""What people read while nobody can be served: on the kiosk's screen, and again on the health board."""

from __future__ import annotations

from kiosk.i18n import Words
from kiosk.refusals import OutOfService


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
