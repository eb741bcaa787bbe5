"""The roles of a fleet on PostgreSQL: made, given their rights (roles.sql), and shut out. For the owner."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString, cast

from pydantic import SecretStr
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from kiosk.storage.backend import StoreUnavailable, reason
from kiosk.storage.postgres import Postgres

if TYPE_CHECKING:
    from psycopg import Connection as Raw

_ROUNDS = 3
RIGHTS = Path(__file__).with_name("roles.sql")
CONNECTIONS = 25  # of one kiosk: whoever has its role must not take everybody's
KIOSKS, OFFICE = "unlock_kiosk", "unlock_office"
_INSUFFICIENT = "42501"  # insufficient_privilege


class NotTheOwner(Exception):
    """The role of this connection may not do that. The message says which may."""


class StillThere(Exception):
    """A session of a revoked kiosk did not end. The message says what to do."""


class NoFleet(Exception):
    """The roles of a fleet are not there. The message says what makes them."""


def role_of(kiosk: str) -> str:
    """The role of a kiosk of that name: "Library 2" signs in as kiosk_library_2. Raises ValueError."""
    plain = re.sub(r"[^a-z0-9]+", "_", kiosk.lower()).strip("_")
    if not plain:
        raise ValueError("must have a letter or digit of a-z, 0-9")
    return f"kiosk_{plain}"


def set_up(store: Postgres, proofs: tuple[str, ...], minutes: int, per_hour: int) -> None:
    """Make the two group roles and give them their rights, and the database its rules. May be run again.

    ``minutes``: how long proofs count; ``per_hour``: secrets that a kiosk is given. Raises NotTheOwner,
    StoreUnavailable.
    """
    with _owner(store) as connection:
        for group in (KIOSKS, OFFICE):
            if not _exists(connection, group):
                _run(connection, "CREATE ROLE {} NOLOGIN", group)
        connection.exec_driver_sql(RIGHTS.read_text("utf-8"))
        connection.execute(
            text(
                "INSERT INTO fleet_rule (id, proofs, proofs_valid_minutes, secrets_per_hour) "
                "VALUES (1, :proofs, :minutes, :per_hour) ON CONFLICT (id) DO UPDATE SET proofs = :proofs, "
                "proofs_valid_minutes = :minutes, secrets_per_hour = :per_hour"
            ),
            {"proofs": ",".join(proofs), "minutes": minutes, "per_hour": per_hour},
        )


def add(store: Postgres, kiosk: str, *, new_password: bool = False) -> SecretStr:
    """Give a kiosk its role, or a revoked one back, and a new password.

    ``new_password``: also where it may sign in already. Raises NotTheOwner, NoFleet, ValueError.
    """
    role, password = role_of(kiosk), secrets.token_urlsafe(32)
    with _owner(store) as connection:
        if not _exists(connection, KIOSKS):
            raise NoFleet(f"{store.shown}: has no roles of a fleet yet: run 'kiosk fleet setup' first")
        owner = connection.execute(text("SELECT kiosk FROM fleet_member WHERE role = :role"), {"role": role})
        if (named := owner.scalar()) not in (None, kiosk):
            raise ValueError(f"is too much like that of the kiosk {named!r}")
        if named is not None and not new_password and _signs_in(connection, role):
            raise ValueError(
                "is that of a kiosk that may sign in already: --new-password gives it another password, and "
                "it stays out of service from its next connection on until it has that"
            )
        raw = _raw(connection)
        verifier = raw.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
        if not _exists(connection, role):
            _run(connection, "CREATE ROLE {}", role)
        elif named is None:  # it may have rights of its own, such as to delete what was closed
            raise ValueError(f"leads to the role {role!r}, which is there and no kiosk's of this database")
        _run(connection, "ALTER ROLE {} RESET ALL", role)  # what it was set to by whoever had it
        # The server sees the verifier alone, so no password comes into its log.
        login = f"ALTER ROLE {{}} LOGIN CONNECTION LIMIT {CONNECTIONS} PASSWORD {{}}"
        _run(connection, login, role, literal=verifier.decode())
        _run(connection, "GRANT {} TO {}", KIOSKS, role)
        _run(connection, "GRANT {} TO CURRENT_USER", role)  # whoever has it may end its sessions
        connection.execute(
            text(
                "INSERT INTO fleet_member (role, kiosk, added_at) VALUES (:role, :kiosk, :now) "
                "ON CONFLICT (role) DO UPDATE SET revoked_at = NULL"
            ),
            {"role": role, "kiosk": kiosk, "now": datetime.now(UTC)},
        )
    return SecretStr(password)


def revoke(store: Postgres, kiosk: str) -> None:
    """Shut a kiosk out: it is given nothing more, cannot sign in, and its sessions end.

    Whoever has the kiosk may hold locks meanwhile, so each step is committed before the next: what is in a
    table, then the rights, then the sessions, and last the role itself, which its sessions can hold on to.
    Raises ValueError for no kiosk of the fleet, StillThere where a session is left: it has no rights.
    """
    with _owner(store) as connection:
        gone = connection.execute(
            text("UPDATE fleet_member SET revoked_at = :now WHERE kiosk = :kiosk RETURNING role"),
            {"now": datetime.now(UTC), "kiosk": kiosk},
        )
        if (role := gone.scalar()) is None:
            raise ValueError("is that of no kiosk in the fleet")
    with _owner(store) as connection:
        _run(connection, "REVOKE {} FROM {}", KIOSKS, role)
    shut = False
    for _ in range(_ROUNDS):
        _end_sessions(store, role)
        with suppress(StoreUnavailable), _owner(store) as connection:
            _run(connection, "ALTER ROLE {} NOLOGIN PASSWORD NULL", role)
            shut = True
            break
    if _end_sessions(store, role) or not shut:
        raise StillThere(
            f"the role {role!r} has lost its rights, but may still be signed in: end its sessions by hand"
        )


def _end_sessions(store: Postgres, role: str) -> int:
    """End a role's sessions; how many did not."""
    # Not in the WHERE clause, where it might be asked of every session first.
    asked = text("SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE usename = :role")
    with _owner(store) as connection:
        return sum(not gone for (gone,) in connection.execute(asked, {"role": role}))


def _exists(connection: Connection, role: str) -> bool:
    found = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
    return found.scalar() is not None


def _signs_in(connection: Connection, role: str) -> bool:
    """Not so one that was revoked, nor one that was made for a dump to be restored (docs/fleet.md)."""
    found = connection.execute(text("SELECT rolcanlogin FROM pg_roles WHERE rolname = :role"), {"role": role})
    return bool(found.scalar())


def _run(connection: Connection, statement: LiteralString, *names: str, literal: str | None = None) -> None:
    """A statement that takes no parameters, with names and a string written into it."""
    from psycopg import sql

    parts: list[sql.Composable] = [sql.Identifier(name) for name in names]
    if literal is not None:
        parts.append(sql.Literal(literal))
    composed = sql.SQL(statement).format(*parts)
    connection.exec_driver_sql(composed.as_string(_raw(connection)))


def _raw(connection: Connection) -> Raw[Any]:
    return cast("Raw[Any]", connection.connection.driver_connection)


@contextmanager
def _owner(store: Postgres) -> Iterator[Connection]:
    """A transaction. Raises NotTheOwner where the role may not, StoreUnavailable for everything else."""
    engine = store.plain(write=True)
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _INSUFFICIENT:
            raise NotTheOwner(
                f"{store.shown}: this takes the owner of the tables, who may make roles ({reason(error)})"
            ) from None
        raise StoreUnavailable(reason(error)) from None
    finally:
        engine.dispose()
