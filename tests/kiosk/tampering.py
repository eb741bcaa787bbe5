"""What somebody does to the audit trail who owns the database, and so can put its triggers aside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from kiosk.storage.backend import Backend

Statement = tuple[str, dict[str, Any]]


def tamper(backend: Backend, *statements: Statement) -> None:
    """Carry out these statements, unseen by any trigger."""
    engine = backend.plain(write=True)
    try:
        with engine.connect() as connection, connection.begin():
            triggers = _aside(connection)
            for sql, values in statements:
                connection.execute(text(sql), values)
            for sql in triggers:
                connection.execute(text(sql))
    finally:
        engine.dispose()


def _aside(connection: Connection) -> Sequence[str]:
    """Put the triggers aside; what brings them back."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        return []
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    for name, _ in rows:
        connection.execute(text(f"DROP TRIGGER {name}"))
    return [sql for _, sql in rows]
