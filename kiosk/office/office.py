"""The services as the office uses them: no mail is sent, and most commands touch no card."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from types import MappingProxyType

from cardio.reader import Reader
from cardio.virtual.reader import VirtualReader
from kiosk.keyring import key_ring
from kiosk.mail import MailNotSent
from kiosk.origin import require_own_pepper
from kiosk.provenance import Origins
from kiosk.settings import Settings
from kiosk.storage.place import place
from kiosk.storage.schema import require_schema
from kiosk.wiring import Parts, put_together


class NoMail:
    """Sends nothing: notices of the office wait in the store for the next running kiosk."""

    async def send(self, message: EmailMessage, recipient: str) -> None:
        """Raise MailNotSent."""
        raise MailNotSent("this command sends no mail")


@asynccontextmanager
async def office(
    settings: Settings, *, reader: Reader | None = None, origins: Origins = MappingProxyType({})
) -> AsyncIterator[Parts]:
    """Open the store and the services. Raises StoreOutOfDate, KeyProblem, StoreUnavailable.

    ``reader``: where it is looked at all the time; closed at the end. ``origins``: where the settings were
    written.

    A KeyProblem also where the store was written with another pepper: nothing is to be done in it then.
    """
    require_schema(place(settings))
    parts = put_together(
        settings,
        reader=reader or VirtualReader(),
        keys=key_ring(settings),
        mailer=NoMail(),
        patience=None,
        origins=origins,
    )
    try:
        await require_own_pepper(parts.service.store)
        yield parts
    finally:
        await parts.close()
