"""Adding holders, and telling whether one who is given is the one who is there."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cardio.card import CardId
from kiosk.arrivals import NewHolder, NewRow, RowFault
from kiosk.audit import Event, Subject
from kiosk.persons import Personal, PersonsKey
from kiosk.storage.bulk import among, insert_all
from kiosk.storage.models import HolderRow, HolderWordRow
from kiosk.store import Store
from kiosk.vault import VaultError


class Present(NamedTuple):
    """A holder who is in the store. Name and address are sealed."""

    holder_id: str
    id: int
    audit_key: str
    name: bytes
    ra_email: bytes
    selftest: bool


async def present(session: AsyncSession, holder_ids: set[str], *, change: bool = False) -> dict[str, Present]:
    """Those of these holders who are in the store. ``change``: nobody else may change them meanwhile."""
    columns = [col(getattr(HolderRow, name)) for name in Present._fields]
    query = select(*columns).where(among(session, col(HolderRow.holder_id), holder_ids))
    if change:  # in their order, or two imports might wait for each other
        query = query.order_by(col(HolderRow.id)).with_for_update(key_share=True)
    return {row.holder_id: Present(*row) for row in await session.exec(query)}


async def add_holders(
    session: AsyncSession,
    store: Store,
    holders: Sequence[NewHolder],
    *,
    by: str,
    reason: str = "",
    selftest: bool = False,
) -> dict[str, Present]:
    """Add holders whose ids are not taken: sealed, indexed, and on record. Raises VaultError."""
    key = await store.persons.key(session)
    rows = [_row(store, key, new, selftest=selftest) for new in holders]
    await insert_all(session, HolderRow, rows)
    added = await present(session, {new.holder_id for new in holders})
    words = [
        {"holder": added[new.holder_id].id, "word": word}
        for new in holders
        for word in store.persons.word_indexes(new.name)
    ]
    await insert_all(session, HolderWordRow, words)
    subjects = (Subject(row["audit_key"], actor=by, selftest=selftest) for row in rows)
    store.audit.record_all(session, [(Event.HOLDER_ADDED, subject, {}) for subject in subjects], reason)
    return added


def differences(holder: Present, given: NewHolder, key: PersonsKey) -> Iterator[str]:
    """How a holder of the store differs from the one that is given under the same id."""
    try:
        name = key.open(holder.audit_key, Personal.NAME, holder.name)
        email = key.open(holder.audit_key, Personal.RA_EMAIL, holder.ra_email)
    except VaultError as error:
        yield f"holder {given.holder_id!r} is in the store, but cannot be read there ({error})"
        return
    if name != given.name:
        yield f"holder {given.holder_id!r} is in the store with another name"
    if given.email and email != given.email:
        yield f"holder {given.holder_id!r} is in the store with another email address"


def row_faults(
    rows: Sequence[NewRow], holders: Mapping[str, Present], owners: Mapping[CardId, int], key: PersonsKey
) -> list[RowFault]:
    """What speaks against the rows, where the store has these holders, and these have the cards."""
    faults = []
    for row in rows:
        holder, owner = holders.get(row.holder.holder_id), owners.get(row.card.id)
        if holder is not None:
            faults += [RowFault(row.line, reason) for reason in differences(holder, row.holder, key)]
        if owner is not None and (holder is None or owner != holder.id):
            faults.append(RowFault(row.line, "this card belongs to another holder"))
    return faults


def _row(store: Store, key: PersonsKey, new: NewHolder, *, selftest: bool) -> dict[str, Any]:
    audit_key = uuid.uuid4().hex
    return {
        "holder_id": new.holder_id,
        "audit_key": audit_key,
        "name": key.seal(audit_key, Personal.NAME, new.name),
        "ra_email": key.seal(audit_key, Personal.RA_EMAIL, new.email),
        "ra_email_index": store.persons.address_index(new.email),
        "attempts": 0,
        "created_at": store.clock.now(),
        "selftest": selftest,
    }
