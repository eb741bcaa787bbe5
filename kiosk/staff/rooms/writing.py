"""Whether this machine may change people and accounts: a kiosk of a fleet may not."""

from __future__ import annotations

from sqlalchemy import text

from kiosk.store import Store

_ASKED = text("SELECT has_column_privilege(:named, :within, 'UPDATE')")


async def may_change(store: Store, table: str, column: str) -> bool:
    """Whether the database lets this process's role change that column."""
    if store.database.backend.one_at_a_time:  # a file of its own
        return True
    async with store.work() as session:
        connection = await session.connection()
        return bool((await connection.execute(_ASKED, {"named": table, "within": column})).scalar())
