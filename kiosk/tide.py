"""The latest moment that the store has seen: no right clock is behind it."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from kiosk.audit import newest_event
from kiosk.storage.models import KioskRow


def newest_sign() -> SelectOfScalar[datetime]:
    """Selects when any kiosk was seen last (no row: none ever was)."""
    return select(KioskRow.seen_at).order_by(col(KioskRow.seen_at).desc()).limit(1)


async def newest_moment(session: AsyncSession) -> datetime | None:
    """Of the newest event, or a kiosk's last sign of life; None in an empty store."""
    moments = [(await session.exec(query)).first() for query in (newest_event(), newest_sign())]
    return max((moment for moment in moments if moment is not None), default=None)
