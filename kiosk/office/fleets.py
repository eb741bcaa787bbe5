"""The kiosks on one store, as the office sees them, and as the owner of the database lets them in and out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from kiosk.audit import Event, Subject
from kiosk.enrolment import EnrolmentError
from kiosk.fleet import Sighting
from kiosk.office import fields
from kiosk.office.office import office
from kiosk.office.private import new_private
from kiosk.settings import Settings
from kiosk.storage.place import place
from kiosk.storage.postgres import Postgres
from kiosk.storage.schema import require_schema


async def sightings(settings: Settings) -> Sequence[Sighting]:
    """Every kiosk, by name."""
    async with office(settings) as parts:
        return await parts.fleet.sightings()


async def set_up(settings: Settings, *, by: str) -> None:
    """Give the roles of a fleet their rights, and the database its rules. Raises EnrolmentError."""
    from kiosk.storage import roles

    store, rules = _server(settings), settings.unlock
    roles.set_up(store, rules.proofs, rules.proofs_valid_minutes, settings.fleet.secrets_per_hour)
    async with office(settings) as parts:
        await parts.service.store.record(Event.FLEET_SET_UP, Subject(actor=by))


async def add(settings: Settings, kiosk: str, file: Path, *, by: str) -> str:
    """Give a kiosk a role, whose password goes to a new file of mode 0600; the role.

    Raises EnrolmentError.
    """
    role = await asyncio.to_thread(_added, _server(settings), kiosk, file)
    async with office(settings) as parts:
        await parts.service.store.record(Event.KIOSK_ADDED, Subject(actor=by), member=kiosk)
    return role


def _added(store: Postgres, kiosk: str, file: Path) -> str:
    from kiosk.storage import roles

    try:
        with new_private(file) as opened:  # made before the role: a password that is nowhere is of no use
            opened.write(f"{roles.add(store, kiosk).get_secret_value()}\n".encode())
    except FileExistsError:
        raise EnrolmentError(f"{file}: exists already; nothing is written over") from None
    except ValueError as error:
        raise EnrolmentError(f"the name {kiosk!r} {error}") from None
    return roles.role_of(kiosk)


async def revoke(settings: Settings, kiosk: str, why: str, *, by: str) -> None:
    """Shut a kiosk out at once. Raises EnrolmentError."""
    from kiosk.storage import roles

    why = fields.checked("the reason", fields.reason, why)
    try:
        roles.revoke(_server(settings), kiosk)
    except ValueError as wrong:
        raise EnrolmentError(f"the name {kiosk!r} {wrong}") from None
    async with office(settings) as parts:
        await parts.service.store.record(Event.KIOSK_REVOKED, Subject(actor=by), reason=why, member=kiosk)


def _server(settings: Settings) -> Postgres:
    """Raises EnrolmentError where the store is a file, StoreOutOfDate."""
    store = place(settings)
    if not isinstance(store, Postgres):
        raise EnrolmentError("a store that is a file has one kiosk; a fleet is on PostgreSQL: docs/fleet.md")
    require_schema(store)
    return store
