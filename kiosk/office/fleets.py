"""The kiosks on one store, as the office sees them, and as the owner of the database lets them in and out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlmodel import select

from kiosk.audit import Event, Subject
from kiosk.enrolment import EnrolmentError
from kiosk.fleet import Sighting
from kiosk.office import fields
from kiosk.office.office import office
from kiosk.office.private import new_private
from kiosk.settings import Settings
from kiosk.storage.members import MemberRow
from kiosk.storage.place import place
from kiosk.storage.postgres import Postgres
from kiosk.storage.schema import require_schema
from kiosk.wiring import Parts


@dataclass(frozen=True)
class Listed:
    """A kiosk as it was seen, None where it never was; when it was let in and shut out, as far as told."""

    name: str
    seen: Sighting | None
    added_at: datetime | None = None
    revoked_at: datetime | None = None


async def kiosks(settings: Settings) -> list[Listed]:
    """Every kiosk that was seen or added, by name; the latter only for a role that may know them."""
    async with office(settings) as parts:
        seen = await parts.fleet.sightings()
        members = {row.kiosk: row for row in await _members(parts)}
    listed = [_listed(one.name, one, members.get(one.name)) for one in seen]
    never = members.keys() - {one.name for one in seen}
    return sorted(listed + [_listed(name, None, members[name]) for name in never], key=lambda one: one.name)


def _listed(name: str, seen: Sighting | None, member: MemberRow | None) -> Listed:
    if member is None:
        return Listed(name, seen)
    return Listed(name, seen, member.added_at, member.revoked_at)


async def _members(parts: Parts) -> Sequence[MemberRow]:
    """Every kiosk of the fleet; none where this role may not read them, as a kiosk's own."""
    async with parts.service.store.work() as session:
        if isinstance(parts.database.backend, Postgres):
            asked = text("SELECT has_table_privilege('fleet_member', 'SELECT')")
            if not (await (await session.connection()).execute(asked)).scalar():
                return ()
        return (await session.exec(select(MemberRow))).all()


async def set_up(settings: Settings, *, by: str) -> None:
    """Give the roles of a fleet their rights, and the database its rules. Raises EnrolmentError."""
    from kiosk.storage import roles

    store, rules = _server(settings), settings.unlock
    roles.set_up(store, rules.proofs, rules.proofs_valid_minutes, settings.fleet.secrets_per_hour)
    async with office(settings) as parts:
        await parts.service.store.record(Event.FLEET_SET_UP, Subject(actor=by))


async def add(settings: Settings, kiosk: str, file: Path, *, by: str, new_password: bool = False) -> str:
    """Give a kiosk a role, whose password goes to a new file of mode 0600; the role.

    ``new_password``: also where it has one, which then is no longer right. Raises EnrolmentError, NoFleet.
    """
    role = await asyncio.to_thread(_added, _server(settings), kiosk, file, new_password)
    async with office(settings) as parts:
        await parts.service.store.record(Event.KIOSK_ADDED, Subject(actor=by), member=kiosk)
    return role


def _added(store: Postgres, kiosk: str, file: Path, new_password: bool) -> str:
    from kiosk.storage import roles

    try:
        with new_private(file) as opened:  # made before the role: a password that is nowhere is of no use
            opened.write(
                f"{roles.add(store, kiosk, new_password=new_password).get_secret_value()}\n".encode()
            )
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
