"""Finding holders by what is known of them, each way by its index: a million take no longer than ten."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import union
from sqlalchemy.orm import aliased
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from kiosk.persons import Persons
from kiosk.proofs import emails
from kiosk.storage.models import HolderRow, HolderWordRow, RegistrationRow
from kiosk.storage.trail import AuditRow
from kiosk.visit import reference_in

_VISIT = timedelta(hours=12)  # none lasts longer, a card that was left in included
_COMMON = 100  # holders who have a word: how many more there are does not matter


async def found(
    session: AsyncSession, persons: Persons, text: str, most: int | None = None
) -> Sequence[HolderRow]:
    """The holders whose id or address this is, whose name has all these words, or who had that visit.

    By id, so many at most. An id and a visit's reference may be typed in capitals or without.
    """
    ids = {text, text.upper(), text.lower()}
    ways = [select(HolderRow.id).where(col(HolderRow.holder_id).in_(ids))]
    if address := persons.address_index(emails.canonical(text)):
        ways.append(select(HolderRow.id).where(HolderRow.ra_email_index == address))
        ways.append(select(RegistrationRow.holder).where(RegistrationRow.email_index == address))
    if words := persons.word_indexes(text):
        ways.append(_named(await _rarest_first(session, words)))
    if (reference := reference_in(text)) and (visitor := await _visitor(session, reference)):
        ways.append(select(HolderRow.id).where(HolderRow.audit_key == visitor))
    either = col(HolderRow.id).in_(union(*ways))  # with OR, PostgreSQL would read every holder
    query = select(HolderRow).where(either, ~col(HolderRow.selftest))
    return (await session.exec(query.order_by(col(HolderRow.holder_id)).limit(most))).all()


async def why_nobody(session: AsyncSession, text: str) -> str:
    """Why a visit's reference leads to nobody, in words; empty where no visit on record has it."""
    reference = reference_in(text)
    visitor = await _visitor(session, reference) if reference else None
    if visitor is None:
        return ""
    if visitor:
        return f"visit {reference} was of somebody who has been erased since"
    return (
        f"visit {reference} was of a card that nobody is known by: it is not enrolled, or could not be read. "
        f"Find the person by id or name; 'kiosk audit show --visit {reference}' says what happened"
    )


async def _visitor(session: AsyncSession, reference: str) -> str | None:
    """The audit key of whose visit that was; empty: of nobody who is known. None: there was none.

    References are random and few enough for two visits to have the same, years apart: the newer one counts.
    """
    events = select(AuditRow.at).where(AuditRow.visit == reference, ~col(AuditRow.selftest))
    last = (await session.exec(events.order_by(col(AuditRow.seq).desc()).limit(1))).first()
    if last is None:
        return None
    keys = select(AuditRow.holder_key).where(
        AuditRow.visit == reference, AuditRow.holder_key != "", AuditRow.at > last - _VISIT
    )
    return (await session.exec(keys.order_by(col(AuditRow.seq).desc()).limit(1))).first() or ""


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
