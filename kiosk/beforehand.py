"""Before `kiosk vault rekey` writes anything: whether its role may write all that it will have to.

A run that is refused half way leaves secrets under a key that no other machine has.
"""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.audit import Event, Subject
from kiosk.rekeying import FIELDS, replacing, unless_changed
from kiosk.storage.backend import refusal
from kiosk.storage.models import DataKeyRow
from kiosk.store import Store
from kiosk.vault import Sealed

_NOBODY = -1  # no card has this number, so no row is touched; rights are looked at all the same


class _TakenBack(Exception):
    """Ends the unit of work in which all was tried. The message is what was refused, or empty."""


async def hindrance(store: Store) -> str:
    """What the database would refuse of a rekey; empty where nothing is. Nothing of the trial is kept."""
    try:
        async with store.work() as session:
            await _try_everything(store, session)
    except _TakenBack as taken:
        return str(taken)
    return ""  # not reached: the unit of work is always taken back


async def _try_everything(store: Store, session: AsyncSession) -> None:
    """Every kind of statement of `kiosk.rekeying`. Raises _TakenBack."""
    nothing = Sealed("", b"", b"", b"")
    try:
        connection = await session.connection()
        for table, _ in FIELDS:
            await connection.execute(select(table).limit(0))
            await connection.execute(unless_changed(table), replacing(_NOBODY, nothing, nothing))
        await connection.execute(update(DataKeyRow).where(col(DataKeyRow.name) == "").values(key_id=""))
        store.audit.record(session, Event.VAULT_REKEYED, Subject())
        await store.audit.write(session)
    except DBAPIError as error:
        if (refused := refusal(error.orig, store.database.backend.role)) is None:
            raise
        raise _TakenBack(str(refused)) from None
    raise _TakenBack
