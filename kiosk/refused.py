"""Secrets that a card has refused, for good: whoever brings one again, it is not sent to that card.

They are known by the card's number and a keyed fingerprint, so that a card which is not in the store, or
has another secret by now, is spared them too. Each function is part of a unit of work.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cardio.card import CardId
from kiosk.storage.bulk import among
from kiosk.storage.models import CardRow, RefusedSecretRow, UnblockSecretRow

Refused = dict[CardId, list[RefusedSecretRow]]


def number(card: CardRow) -> CardId:
    """The card's number."""
    return CardId(card.family, card.kind, card.serial)


async def found(session: AsyncSession, cards: Collection[CardId]) -> Refused:
    """What is remembered of these cards."""
    by_text = {str(card): card for card in cards}
    refused: Refused = {}
    query = select(RefusedSecretRow).where(among(session, col(RefusedSecretRow.card), by_text))
    for row in await session.exec(query):
        refused.setdefault(by_text[row.card], []).append(row)
    return refused


async def remember(session: AsyncSession, card: CardId, fingerprint: bytes) -> None:
    """The card has refused this one; what was sent in vain at a desk stays counted."""
    row = await session.get(RefusedSecretRow, (str(card), fingerprint))
    if row is None:
        row = RefusedSecretRow(card=str(card), fingerprint=fingerprint)
    row.refused = True
    session.add(row)


async def remember_kept(session: AsyncSession, card: int) -> None:
    """The card has refused what is kept for it. Of a derived one the card's state alone tells."""
    kept = await _fingerprint(session, card)
    if kept is not None:
        row = await session.get_one(CardRow, card)
        await remember(session, number(row), kept)


async def accepted(session: AsyncSession, card: CardId, fingerprint: bytes) -> None:
    """The card has accepted this one: it has all its tries again, so lost answers are forgotten too."""
    this = col(RefusedSecretRow.fingerprint) == fingerprint
    await session.exec(
        delete(RefusedSecretRow).where(
            col(RefusedSecretRow.card) == str(card), or_(this, ~col(RefusedSecretRow.refused))
        )
    )


async def kept_accepted(session: AsyncSession, card: int) -> None:
    """The card has accepted what is kept for it."""
    kept = await _fingerprint(session, card)
    if kept is not None:
        row = await session.get_one(CardRow, card)
        await accepted(session, number(row), kept)


async def forget(session: AsyncSession, card: CardId) -> bool:
    """Somebody has looked: nothing is remembered of this card any more; whether anything was."""
    gone = await session.exec(
        delete(RefusedSecretRow)
        .where(col(RefusedSecretRow.card) == str(card))
        .returning(col(RefusedSecretRow.fingerprint))
    )
    return bool(gone.all())


async def _fingerprint(session: AsyncSession, card: int) -> bytes | None:
    """Of what is kept for the card; a kiosk's role may read no more of it."""
    query = select(UnblockSecretRow.fingerprint).where(col(UnblockSecretRow.card) == card)
    return (await session.exec(query)).first()
