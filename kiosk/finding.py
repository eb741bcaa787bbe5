"""Finding holders by what is known of them, each way by its index: a million take no longer than ten."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import union
from sqlalchemy.orm import aliased
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from kiosk.persons import Persons
from kiosk.proofs import emails
from kiosk.storage.models import HolderRow, HolderWordRow, RegistrationRow

_COMMON = 100  # holders who have a word: how many more there are does not matter


async def found(
    session: AsyncSession, persons: Persons, text: str, most: int | None = None
) -> Sequence[HolderRow]:
    """The holders whose id or address this is, or whose name has all these words; by id, so many at most.

    An id may be typed in capitals or without.
    """
    ids = {text, text.upper(), text.lower()}
    ways = [select(HolderRow.id).where(col(HolderRow.holder_id).in_(ids))]
    if address := persons.address_index(emails.canonical(text)):
        ways.append(select(HolderRow.id).where(HolderRow.ra_email_index == address))
        ways.append(select(RegistrationRow.holder).where(RegistrationRow.email_index == address))
    if words := persons.word_indexes(text):
        ways.append(_named(await _rarest_first(session, words)))
    either = col(HolderRow.id).in_(union(*ways))  # with OR, PostgreSQL would read every holder
    query = select(HolderRow).where(either, ~col(HolderRow.selftest))
    return (await session.exec(query.order_by(col(HolderRow.holder_id)).limit(most))).all()


async def _rarest_first(session: AsyncSession, words: Collection[bytes]) -> list[bytes]:
    counts = {}
    for word in words:
        some = select(HolderWordRow.holder).where(HolderWordRow.word == word).limit(_COMMON).subquery()
        counts[word] = (await session.exec(select(func.count()).select_from(some))).one()
    return sorted(words, key=lambda word: counts[word])


def _named(words: Sequence[bytes]) -> SelectOfScalar[int]:
    """Selects the holders who have the first word, and all the others."""
    first, *others = words
    query = select(HolderWordRow.holder).where(HolderWordRow.word == first)
    for other in others:
        another = aliased(HolderWordRow)
        has = select(another.holder).where(another.holder == HolderWordRow.holder, another.word == other)
        query = query.where(has.exists())
    return query
