"""PostgreSQL: the store of a fleet.

Whatever happens to the server or the way to it, a unit of work ends within a few seconds, and is
known to be kept or not: where the answer to a COMMIT was lost, the server is asked for the fate of
that very transaction (``pg_xact_status``). A server that has started anew since, or a standby that was
promoted, is not asked: it may have given the transaction's number to another one.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from sqlalchemy import Engine, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.storage.backend import StoreUnavailable, reason, refusal

if TYPE_CHECKING:
    from psycopg import AsyncConnection, Connection

_CONNECT = 2  # seconds for each host that is tried
_CONNECT_ALL = 3.5  # and for all of them; then the store is away
# Since when the server counts its transactions: its start, and what a crash of one of its processes resets.
_SINCE = (
    "pg_postmaster_start_time()::text || ' ' || "
    "coalesce((SELECT stats_reset::text FROM pg_stat_bgwriter), '')"
)
_NOBODY, _ANOTHER = "nobody", "another"
_IN_DOUBT = 0.25  # between two questions about a commit whose answer was lost
_WAIT = {
    "lock_timeout": "4s",
    "idle_in_transaction_session_timeout": "60s",  # of a kiosk that died in the middle of a unit of work
    "timezone": "UTC",
}
_DEFAULTS: dict[str, str | int] = {
    "connect_timeout": _CONNECT,
    "target_session_attrs": "read-write",  # of several hosts the primary, whichever that is by now
    "tcp_user_timeout": 4000,  # milliseconds until a server that no longer acknowledges is away
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "application_name": "unlock-kiosk",
}


class Postgres:
    """A server, or several of which one takes writes: whatever a libpq URI names."""

    one_at_a_time = False

    def __init__(self, url: str, password: SecretStr | None = None, ca_file: str = "") -> None:
        """``url``: without a password. Raises ValueError for one that cannot be understood or is not safe."""
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict

        try:
            given = conninfo_to_dict(url)
        except ProgrammingError as error:
            raise ValueError(f"is not understood: {error}") from None
        if "password" in given:
            raise ValueError("must not hold a password: put that into database.password_file")
        self._options: dict[str, Any] = {**_DEFAULTS, **_tls(given, ca_file), **given}
        waits = " ".join(f"-c {name}={value}" for name, value in _WAIT.items())
        self._options["options"] = f"{waits} {given.get('options', '')}".strip()
        self._password = password
        hosts = str(given.get("host") or "localhost").split(",")
        self.role = str(given.get("user") or _account())
        self.shown = f"{given.get('dbname', '')} at {', '.join(hosts)}"

    def engine(self) -> AsyncEngine:
        """Connections for units of work."""
        return create_async_engine(
            "postgresql+psycopg://",
            async_creator=self._connect,
            pool_size=5,
            max_overflow=15,
            pool_timeout=_CONNECT_ALL,
            hide_parameters=True,  # or an error would print what a person typed
        )

    def plain(self, *, write: bool = False) -> Engine:
        """Connections without a pool and without limits of time, but for the connecting itself."""
        return create_engine(
            "postgresql+psycopg://",
            creator=lambda: self._connect_plainly(write),
            poolclass=NullPool,
            hide_parameters=True,
        )

    def revision(self) -> str | None:
        """The migration the store is at, None where it has no tables yet. Raises StoreUnavailable."""
        engine = self.plain()
        try:
            with engine.connect() as connection:
                if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
                    return None
                return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        except DBAPIError as error:
            raise refusal(error.orig, self.role) or StoreUnavailable(reason(error)) from None
        finally:
            engine.dispose()

    async def time(self, session: AsyncSession) -> datetime | None:
        """The server's clock."""
        at: datetime = (
            await (await session.connection()).execute(text("SELECT clock_timestamp()"))
        ).scalar_one()
        return at.astimezone(UTC)

    async def ticket(self, session: AsyncSession) -> str | None:
        """The transaction's number, where it has written anything."""
        asked = text(f"SELECT pg_current_xact_id_if_assigned()::text || '|' || {_SINCE}")
        found: str | None = (await (await session.connection()).execute(asked)).scalar_one()
        return found

    async def took_place(self, engine: AsyncEngine, ticket: str) -> bool:
        """Ask until the server knows, which first has to notice our loss. Raises StoreUnavailable."""
        number, since = ticket.split("|")
        with suppress(TimeoutError):
            async with asyncio.timeout(_CONNECT_ALL):
                while (status := await _status(engine, number, since)) in ("in progress", _NOBODY):  # noqa: ASYNC110
                    await asyncio.sleep(_IN_DOUBT)
                if status != _ANOTHER:
                    return status == "committed"
        raise StoreUnavailable("nobody can tell whether the last step was kept")

    async def watch(self, session: AsyncSession, seconds: float | None) -> AbstractContextManager[None]:
        """Connect; after so many seconds the connection's socket is shut, and whatever waits on it fails.

        Cancelling would not do: psycopg then waits for the server to confirm, which may be what hangs.
        """
        raw = await (await session.connection()).get_raw_connection()
        connection: AsyncConnection[Any] = raw.driver_connection  # type: ignore[assignment]
        return _watched(connection, seconds)

    async def erase(self) -> bool:
        """Nothing: PostgreSQL's own vacuum does it (docs/fleet.md says what that leaves for how long)."""
        return True

    async def _connect(self) -> AsyncConnection[Any]:
        import psycopg

        try:
            async with asyncio.timeout(_CONNECT_ALL):
                return await psycopg.AsyncConnection.connect(self._conninfo())
        except TimeoutError:
            raise psycopg.OperationalError("no server answers in time") from None

    def _connect_plainly(self, write: bool) -> Connection[Any]:
        import psycopg

        connection = psycopg.connect(self._conninfo())
        connection.read_only = not write
        return connection

    def _conninfo(self) -> str:
        from psycopg.conninfo import make_conninfo

        secret = {"password": self._password.get_secret_value()} if self._password else {}
        return make_conninfo(**self._options, **secret)


async def _status(engine: AsyncEngine, number: str, since: str) -> str:
    """What the server says of a transaction; `_NOBODY`: none can be asked; `_ANOTHER`: it is anew."""
    try:
        async with engine.connect() as connection:
            if (await connection.execute(text(f"SELECT {_SINCE}"))).scalar() != since:
                return _ANOTHER
            asked = text("SELECT pg_xact_status(CAST(CAST(:number AS text) AS xid8))")
            return str((await connection.execute(asked, {"number": number})).scalar())
    except DBAPIError:
        return _NOBODY


@contextmanager
def _watched(connection: AsyncConnection[Any], seconds: float | None) -> Iterator[None]:
    if seconds is None:
        yield
        return
    timer = asyncio.get_running_loop().call_later(seconds, _shut, connection)
    try:
        yield
    finally:
        timer.cancel()


def _shut(connection: AsyncConnection[Any]) -> None:
    with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as other:
        other.shutdown(socket.SHUT_RDWR)


def _tls(given: dict[str, Any], ca_file: str) -> dict[str, str]:
    """The server's certificate is verified, unless every host is this machine. Raises ValueError."""
    asked = str(given.get("sslmode", ""))
    if all(_is_local(host) for host in str(given.get("host") or "localhost").split(",")):
        return {"sslrootcert": ca_file} if ca_file else {}
    if asked not in ("", "verify-full"):
        raise ValueError("sslmode must be verify-full for a server that is not this machine, or be left out")
    return {"sslmode": "verify-full", "sslrootcert": ca_file or "system"}


def _account() -> str:
    """Whom libpq signs in as where a URL names nobody: $PGUSER, or this account."""
    from psycopg import pq

    found = [one.val for one in pq.Conninfo.get_defaults() if one.keyword == b"user"]
    return (found[0] or b"").decode(errors="replace") if found else ""


def _is_local(host: str) -> bool:
    if host.startswith(("/", "@")) or host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
