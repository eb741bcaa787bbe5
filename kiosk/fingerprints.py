"""What is known of secrets by their fingerprints alone: who shares one, what a card refused or accepted.

A fingerprint is a keyed hash, and every kiosk has the key: whoever sees one of an eight-digit secret has
soon tried all of them. So a kiosk of a fleet never sees one. On a server the database compares them itself,
in functions that are the same for every role (migration 0007); in a file, it is done here. Each function is
part of a unit of work.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk import refused
from kiosk.storage.models import CardRow, UnblockSecretRow


async def is_shared(session: AsyncSession, card: int) -> bool:
    """Whether another card is kept with the same secret."""
    if _on_server(session):
        return bool(await _call(session, "SELECT unlock_is_shared(:card)", card))
    kept = await _kept(session, card)
    query = select(UnblockSecretRow.card).where(
        UnblockSecretRow.fingerprint == kept, UnblockSecretRow.card != card
    )
    return (await session.exec(query.limit(1))).first() is not None


async def kept_refused(session: AsyncSession, card: int) -> None:
    """The card has refused what is kept for it. Of a derived one the card's state alone tells."""
    if _on_server(session):
        await _call(session, "SELECT unlock_kept_refused(:card)", card)
    elif (kept := await _kept(session, card)) is not None:
        await refused.remember(session, refused.number(await session.get_one(CardRow, card)), kept)


async def kept_accepted(session: AsyncSession, card: int) -> None:
    """The card has accepted what is kept for it."""
    if _on_server(session):
        await _call(session, "SELECT unlock_kept_accepted(:card)", card)
    elif (kept := await _kept(session, card)) is not None:
        await refused.accepted(session, refused.number(await session.get_one(CardRow, card)), kept)


def _on_server(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "postgresql"


async def _kept(session: AsyncSession, card: int) -> bytes | None:
    query = select(UnblockSecretRow.fingerprint).where(col(UnblockSecretRow.card) == card)
    return (await session.exec(query)).first()


async def _call(session: AsyncSession, statement: str, card: int) -> object:
    await session.flush()  # what this unit of work has changed has to be seen
    return (await (await session.connection()).execute(text(statement), {"card": card})).scalar()
