"""What lies on the disk, as somebody finds it who takes it away."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from sqlmodel import SQLModel

from kiosk.storage.postgres import Postgres
from kiosk.storage.sqlite import Sqlite
from tests.stories.world import World


def on_disk(world: World) -> bytes:
    """Every byte of the database's files, with what was deleted gone as far as it goes; or of its rows."""
    backend = world.backend
    if isinstance(backend, Postgres):
        return _all_rows(backend)
    assert isinstance(backend, Sqlite)
    path = backend.path
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def _all_rows(backend: Postgres) -> bytes:
    engine = backend.plain()
    try:
        with engine.connect() as connection:
            tables = SQLModel.metadata.sorted_tables
            rows = [row for table in tables for row in connection.execute(table.select()).all()]
            return b"".join(
                one if isinstance(one, bytes) else repr(one).encode() for row in rows for one in row
            )
    finally:
        engine.dispose()
