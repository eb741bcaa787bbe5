"""Adding holders, and telling whether one who is given is the one who is there."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import insert
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.audit import Event, Subject
from kiosk.persons import Personal, PersonsKey
from kiosk.storage.models import HolderRow, HolderWordRow
from kiosk.store import Store
from kiosk.vault import VaultError


@dataclass(frozen=True)
class NewHolder:
    """A holder as the RA knows them; ``email`` may be empty."""

    holder_id: str = field(repr=False)
    name: str = field(repr=False)
    email: str = field(repr=False)


async def add_holders(
    session: AsyncSession, store: Store, holders: Sequence[NewHolder], *, by: str, selftest: bool = False
) -> None:
    """Add holders whose ids are not taken: sealed, indexed, and on record. Raises VaultError."""
    key = await store.persons.key(session)
    rows = [_row(store, key, new, selftest=selftest) for new in holders]
    await insert_all(session, rows)
    await _index_names(session, store, holders)
    subjects = (Subject(row.audit_key, actor=by, selftest=selftest) for row in rows)
    store.audit.record_all(session, [(Event.HOLDER_ADDED, subject, {}) for subject in subjects])


async def insert_all(session: AsyncSession, rows: Sequence[SQLModel]) -> None:
    """Add rows of one table in one statement, which adding them one by one to the session is not."""
    if rows:
        values = [row.model_dump(exclude={"id"}) for row in rows]
        await session.exec(insert(type(rows[0])), params=values)


def differences(holder: HolderRow, given: NewHolder, key: PersonsKey) -> Iterator[str]:
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


def _row(store: Store, key: PersonsKey, new: NewHolder, *, selftest: bool) -> HolderRow:
    audit_key = uuid.uuid4().hex
    return HolderRow(
        holder_id=new.holder_id,
        audit_key=audit_key,
        name=key.seal(audit_key, Personal.NAME, new.name),
        ra_email=key.seal(audit_key, Personal.RA_EMAIL, new.email),
        ra_email_index=store.persons.address_index(new.email),
        created_at=store.clock.now(),
        selftest=selftest,
    )


async def _index_names(session: AsyncSession, store: Store, holders: Sequence[NewHolder]) -> None:
    """Let the holders, who were added just now, be found by the words of their names."""
    ids = select(HolderRow.holder_id, HolderRow.id).where(
        col(HolderRow.holder_id).in_([new.holder_id for new in holders])
    )
    rows = dict((await session.exec(ids)).all())
    words = [
        {"holder": rows[new.holder_id], "word": word}
        for new in holders
        for word in store.persons.word_indexes(new.name)
    ]
    if words:  # of a name in signs alone there are none
        await session.exec(insert(HolderWordRow), params=words)
