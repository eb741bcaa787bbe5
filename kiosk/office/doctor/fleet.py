"""The role with which a kiosk of a fleet signs in to the database."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kiosk.office.doctor.finding import Finding, Hands, Level, aside, unseen
from kiosk.settings import Settings
from kiosk.storage.backend import reason
from kiosk.storage.place import place
from kiosk.storage.postgres import Postgres

_NAME = "database role"
_ADD = "as the database's owner: kiosk fleet add, and use that role in database.url (docs/fleet.md)"
_SETUP = "as the database's owner: kiosk fleet setup (docs/fleet.md)"
_REVOKED = "ask the RA: 'kiosk fleet add' lets it in again"

# Whether it is, or can become, a role that reads what is sealed, or may give itself the right to.
_ASKED = text(
    "SELECT EXISTS (SELECT FROM pg_roles WHERE pg_has_role(oid, 'MEMBER')"
    " AND (has_column_privilege(oid, 'unblock_secret', 'ciphertext', 'SELECT')"
    " OR has_column_privilege(oid, 'next_unblock_secret', 'ciphertext', 'SELECT')"
    " OR oid IN (SELECT relowner FROM pg_class"
    " WHERE oid IN ('unblock_secret'::regclass, 'next_unblock_secret'::regclass)))), unlock_member()"
)


async def role(settings: Settings) -> Finding | None:
    """Whether the role is this kiosk's, and gets no more than one secret at a time; None for a file."""
    store = place(settings)
    if not isinstance(store, Postgres):
        return None
    try:
        reads_all, member = await aside(lambda: _facts(store))
    except DBAPIError as error:
        return _unasked(error)
    if reads_all:
        return Finding(_NAME, Level.RISK, "it can read every unblock secret of the fleet", _ADD)
    if member is None:
        return Finding(_NAME, Level.FAIL, "it is no kiosk's, so it is given no unblock secret", _ADD)
    if member != settings.site.kiosk_name:
        detail = f"it is of the kiosk {member!r}, and site.kiosk_name is {settings.site.kiosk_name!r}"
        return Finding(_NAME, Level.FAIL, detail, "set site.kiosk_name to the former, or use its own role")
    return Finding(_NAME, Level.OK, f"of the kiosk {member!r}, for one unblock secret at a time")


async def office_role(settings: Settings) -> Finding | None:
    """Whether the role may do what officers do; None for a file, whose commands may do everything."""
    store = place(settings)
    if not isinstance(store, Postgres):
        return None
    try:
        reads_all, _ = await aside(lambda: _facts(store))
    except DBAPIError as error:
        return _unasked(error)
    if reads_all:
        return Finding(_NAME, Level.OK, f"{store.role}: may do what officers do")
    advice = "as the owner: GRANT unlock_office TO an officer's role, and use that in database.url"
    return Finding(_NAME, Level.FAIL, f"{store.role}: is neither the owner's nor an officer's", advice)


def _unasked(error: DBAPIError) -> Finding:
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # not of a statement: nobody is connected
        return unseen(_NAME)
    if state == "UK001":
        return Finding(_NAME, Level.FAIL, reason(error), _REVOKED, Hands.ANYBODY)
    return Finding(_NAME, Level.FAIL, reason(error), _SETUP)


def _facts(store: Postgres) -> tuple[bool, str | None]:
    engine = store.plain()
    try:
        with engine.connect() as connection:
            reads_all, member = connection.execute(_ASKED).one()
            return bool(reads_all), member
    finally:
        engine.dispose()
