"""Secrets that a card has refused, for good: whoever brings one again, it is not sent to that card.

They are known by the card's number and a keyed fingerprint, so that a card which is not in the store, or
has another secret by now, is spared them too. Each function is part of a unit of work. They are the
office's; a kiosk, which may see no fingerprint, has those of `kiosk.fingerprints`.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cardio.card import CardId
from kiosk.storage.bulk import among
from kiosk.storage.models import CardRow, RefusedSecretRow

Refused = dict[CardId, list[RefusedSecretRow]]


def number(card: CardRow) -> CardId:
    """The card's number."""
    return CardId(card.family, card.kind, card.serial)


async def found(session: AsyncSession, cards: Collection[CardId]) -> Refused:
    """What is remembered of these cards."""
    by_text = {str(card): card for card in cards}
    refused: Refused = {}
    if not cards:
        return refused
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


async def accepted(session: AsyncSession, card: CardId, fingerprint: bytes) -> None:
    """The card has accepted this one: it has all its tries again, so lost answers are forgotten too."""
    this = col(RefusedSecretRow.fingerprint) == fingerprint
    await session.exec(
        delete(RefusedSecretRow).where(
            col(RefusedSecretRow.card) == str(card), or_(this, ~col(RefusedSecretRow.refused))
        )
    )


async def forget(session: AsyncSession, card: CardId) -> bool:
    """Somebody has looked: nothing is remembered of this card any more; whether anything was."""
    gone = await session.exec(
        delete(RefusedSecretRow)
        .where(col(RefusedSecretRow.card) == str(card))
        .returning(col(RefusedSecretRow.fingerprint))
    )
    return bool(gone.all())
