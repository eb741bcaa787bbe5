"""Which schemas this release works with, and bringing a store to the newest (alembic).

Expand, then contract: what a release no longer needs is taken away by the next one's migrations, so
that two neighbouring releases work with one schema, and a fleet is upgraded kiosk by kiosk.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.storage.backend import Backend
from kiosk.storage.sqlite import Sqlite

MIGRATIONS = Path(__file__).parent / "migrations"
SCHEMA = "0010"  # the newest migration this release works with (a test holds it against alembic's head)
OLDEST = "0008"  # the oldest it works with


class StoreOutOfDate(Exception):
    """The database has another schema than this release works with. The message says what to do."""


def fits(revision: str | None) -> bool:
    """Whether this release works with a store at that migration."""
    return revision is not None and OLDEST <= revision <= SCHEMA


async def schema(session: AsyncSession) -> str | None:
    """The migration the store is at, asked within a unit of work."""
    asked = await (await session.connection()).execute(text("SELECT version_num FROM alembic_version"))
    return asked.scalar()


def require_schema(backend: Backend) -> None:
    """Raise StoreOutOfDate unless this release works with the store's schema; StoreUnavailable."""
    revision = backend.revision()
    if not fits(revision):
        raise StoreOutOfDate(f"{backend.shown}: {misfit(revision)}")


def other_rules(path: Path) -> list[str]:
    """Names of what a file has beside tables and indexes, or lacks, unlike a new one of the same schema.

    Triggers and views act on their own: a store with others is not what its rows say. Raises sqlite3.Error.
    """
    file = Sqlite(path)
    with TemporaryDirectory() as folder:
        new = Sqlite(Path(folder) / "new.db")
        upgrade(new, file.revision() or SCHEMA)
        return sorted({str(name) for name, _ in _rules(file) ^ _rules(new)})


def _rules(file: Sqlite) -> set[tuple[str, str]]:
    # By its SQL, which is what SQLite goes by: the column "type" may say "TRIGGER", too.
    query = (
        "SELECT name, sql FROM sqlite_master WHERE sql NOT LIKE 'CREATE TABLE %' "
        "AND sql NOT LIKE 'CREATE INDEX %' AND sql NOT LIKE 'CREATE UNIQUE INDEX %'"
    )
    with closing(file.read_only()) as connection:
        return set(connection.execute(query).fetchall())


def misfit(revision: str | None) -> str:
    """What is wrong with a schema that does not fit, and what to do."""
    if revision is None:
        return "it has no tables yet: run 'kiosk init'"
    if revision > SCHEMA:
        return f"its schema is {revision}, newer than this release's {SCHEMA}: install the newer release"
    return f"its schema is {revision}, and this release works with {wanted()}: run 'kiosk db upgrade'"


def wanted() -> str:
    """The schemas this release works with, in words."""
    return SCHEMA if OLDEST == SCHEMA else f"{OLDEST} to {SCHEMA}"


def upgrade(backend: Backend, target: str = SCHEMA, *, keys: Callable[[], object] | None = None) -> None:
    """Create or upgrade the store; does nothing to one that is up to date.

    ``keys`` gives the KeyRing; it is called only where there are rows to convert with it. All of it is
    one transaction. Raises KeyProblem, and what SQLAlchemy and alembic raise.
    """
    if backend.revision() == target:
        return
    from alembic import command
    from alembic.config import Config

    if isinstance(backend, Sqlite):
        backend.path.parent.mkdir(parents=True, exist_ok=True)
        backend.path.touch(mode=0o600, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["keys"] = keys
    config.attributes["engine"] = engine = backend.plain(write=True)
    try:
        command.upgrade(config, target)
    finally:
        engine.dispose()
