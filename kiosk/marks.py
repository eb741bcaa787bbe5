"""What the store remembers of a card's unblock secret: that the card accepted it, or may have refused it.

Each function is part of the unit of work of what it tells about, and the whole fleet heeds it.
"""

from __future__ import annotations

from sqlalchemy import case, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk import fingerprints, refused
from kiosk.audit import Event, Outcome, Subject
from kiosk.storage.models import CardRow, NextSecretRow, UnblockState
from kiosk.store import Store

UNPROVEN_SENDS = 2
"""Sends in vain to a card that does not tell its tries, of whatever secrets, since one last worked.

Until an officer has looked; see ``docs/decisions/0009-one-failing-send.md``. Factory counters begin at 3.
"""


async def secret_failed(session: AsyncSession, store: Store, card: int, about: Subject, reason: str) -> None:
    """The card refused its secret, or may have: it is not sent again until somebody has looked."""
    await session.exec(
        update(CardRow).where(col(CardRow.id) == card).values(unblock_state=UnblockState.FAILED.value)
    )
    await fingerprints.kept_refused(session, card)
    store.audit.record(session, Event.UNBLOCK_SECRET_FAILED, about, Outcome.ALARM, reason)


async def secret_accepted(
    session: AsyncSession, card: int, *, proven: bool = True, mutual: bool = False
) -> None:
    """The card has accepted the secret that is kept for it, or derived: nothing is held against it.

    ``proven``: and it is the enrolled card; ``mutual``: by having shown that it knows the secret, too.
    """
    facts = {"secret_proven": proven or mutual, "mutual_proven": mutual}
    await _wipe(session, card, **{fact: True for fact, holds in facts.items() if holds})
    await fingerprints.kept_accepted(session, card)


async def secret_cleared(session: AsyncSession, store: Store, card: int, about: Subject, reason: str) -> None:
    """Somebody has looked: the secret may be sent again, and counts as one that never was.

    What was found out about a replacement under way is forgotten with it.
    """
    await _wipe(session, card, secret_proven=False, mutual_proven=False)
    await refused.forget(session, refused.number(await session.get_one(CardRow, card)))
    await session.exec(
        update(NextSecretRow)
        .where(col(NextSecretRow.card) == card)
        .values(probed_tries=None, tries_before=case((col(NextSecretRow.tries_before) == 0, 0)))
    )
    store.audit.record(session, Event.UNBLOCK_SECRET_CLEARED, about, reason=reason)


async def spend_unproven_send(session: AsyncSession, card: int) -> bool:
    """Count a send before it goes out; False where none is left."""
    spent = await session.exec(
        update(CardRow)
        .where(col(CardRow.id) == card, col(CardRow.unproven_sends) < UNPROVEN_SENDS)
        .values(unproven_sends=col(CardRow.unproven_sends) + 1)
        .returning(col(CardRow.id))
    )
    return spent.scalar_one_or_none() is not None


async def give_back_unproven_send(session: AsyncSession, card: int) -> None:
    """It did not go out after all."""
    await session.exec(
        update(CardRow)
        .where(col(CardRow.id) == card, col(CardRow.unproven_sends) > 0)
        .values(unproven_sends=col(CardRow.unproven_sends) - 1)
    )


async def _wipe(session: AsyncSession, card: int, **facts: bool) -> None:
    await session.exec(
        update(CardRow)
        .where(col(CardRow.id) == card)
        .values(
            unblock_state=UnblockState.USABLE.value,
            unproven_sends=0,
            **facts,
        )
    )
