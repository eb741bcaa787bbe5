"""Many rows at once, past the session's objects, of which a million take minutes to make."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, String, any_, insert, inspect, literal
from sqlalchemy.orm import Mapped
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.storage.backend import StoreUnavailable, refusal

_MANY = 20  # rows from which PostgreSQL's COPY is worth its two further trips to the server


async def insert_all(session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows to one table; each has the same columns, and a value for each that has no default there.

    Raises StoreUnavailable, and what SQLAlchemy raises.
    """
    if not rows:
        return
    if len(rows) >= _MANY and _on_postgres(session):
        await _copy(session, model, rows)
    else:
        await session.exec(insert(inspect(model).local_table), params=rows)


def among(session: AsyncSession, column: Mapped[str], values: Collection[str]) -> ColumnElement[bool]:
    """Whether a text is one of these: as one parameter where each would have to be parsed."""
    if _on_postgres(session):
        return column == any_(literal(list(values), ARRAY(String)))
    return column.in_(values)


async def _copy(session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    from psycopg import AsyncConnection, Error, sql

    await session.flush()
    raw = await (await session.connection()).get_raw_connection()
    connection: AsyncConnection[Any] = raw.driver_connection  # type: ignore[assignment]
    names = list(rows[0])
    table = sql.Identifier(str(model.__tablename__))
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    try:
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(table, columns)
        async with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                await copy.write_row([row[name] for name in names])
    except Error as error:  # of the driver itself: SQLAlchemy has not seen it
        refused = refusal(error, connection.info.user)
        raise refused or StoreUnavailable(type(error).__name__) from None


def _on_postgres(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "postgresql"
