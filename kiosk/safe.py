"""Where the sealed unblock secrets are, and on which terms they are given out.

`OpenSafe` reads the tables: one kiosk's own file, and the office. `GuardedSafe` is a kiosk of a fleet, whose
role cannot: it asks the database for one card's secret, which gives it where the proofs are on record, the
request is in the audit trail, and not too many were given within the hour (docs/fleet.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.audit import Event, Outcome, Subject
from kiosk.storage.models import NextSecretRow, UnblockSecretRow
from kiosk.store import Store
from kiosk.vault import Sealed

_REASONS = {
    "UK001": "not of the fleet",
    "UK002": "too many",
    "UK003": "proofs missing",
    "UK004": "not on record",
}


class SecretWithheld(Exception):
    """The database does not give this kiosk that secret; it is on record."""

    @property
    def proofs_missing(self) -> bool:
        """Whether it is for what was proven: too long ago, or no longer true."""
        return str(self) == _REASONS["UK003"]


@dataclass(frozen=True)
class Facts:
    """Of a secret that is kept: under which key. ``sealed`` only where the safe is open."""

    key_id: str
    sealed: Sealed | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Contents:
    """Of one card: the present secret, and the one begun to replace it, where there is one."""

    present: Sealed | None = field(default=None, repr=False)
    next: Sealed | None = field(default=None, repr=False)


class Safe(Protocol):
    """Gives out sealed secrets."""

    async def facts(self, session: AsyncSession, card: int) -> tuple[Facts | None, Facts | None]:
        """Of a card's present secret and of the next one; None where there is none."""

    async def contents(self, card: int, about: Subject) -> Contents:
        """A card's secrets, for the visit that ``about`` names. Raises SecretWithheld, StoreUnavailable."""


class OpenSafe:
    """The tables themselves."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def facts(self, session: AsyncSession, card: int) -> tuple[Facts | None, Facts | None]:
        """With what is sealed."""
        present = await session.get(UnblockSecretRow, card)
        following = await session.get(NextSecretRow, card)
        return _with_sealed(present), _with_sealed(following)

    async def contents(self, card: int, about: Subject) -> Contents:
        """Read them, which is on record."""
        async with self._store.work() as session:
            present, following = await self.facts(session, card)
            self._store.audit.record(session, Event.SECRET_RELEASED, about)
        return Contents(present.sealed if present else None, following.sealed if following else None)


class GuardedSafe:
    """The database's functions."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def facts(self, session: AsyncSession, card: int) -> tuple[Facts | None, Facts | None]:
        """Without what is sealed."""
        present, following = select(UnblockSecretRow.key_id), select(NextSecretRow.key_id)
        one = (await session.exec(present.where(col(UnblockSecretRow.card) == card))).first()
        other = (await session.exec(following.where(col(NextSecretRow.card) == card))).first()
        return None if one is None else Facts(one), None if other is None else Facts(other)

    async def contents(self, card: int, about: Subject) -> Contents:
        """Ask, which is committed with its event; then take."""
        try:
            async with self._store.work() as session:
                request = await _call(
                    session, "SELECT unlock_request(:card, :visit)", card=card, visit=about.visit
                )
                number = int(request.scalar_one())
                self._store.audit.record(session, Event.SECRET_RELEASED, about, release=number)
            async with self._store.work() as session:
                rows = (await _call(session, "SELECT * FROM unlock_take(:number)", number=number)).all()
        except SecretWithheld as withheld:
            await self._store.record(Event.SECRET_RELEASED, about, Outcome.ALARM, str(withheld))
            raise
        found = {part: Sealed(*sealed) for part, *sealed in rows}
        return Contents(found.get("present"), found.get("next"))


async def _call(session: AsyncSession, statement: str, **values: int | str):  # type: ignore[no-untyped-def]
    """Raises SecretWithheld for what the functions refuse."""
    try:
        return await (await session.connection()).execute(text(statement), values)
    except DBAPIError as error:
        reason = _REASONS.get(getattr(error.orig, "sqlstate", ""))
        if reason is None:
            raise
        raise SecretWithheld(reason) from None


def as_sealed(row: UnblockSecretRow | NextSecretRow) -> Sealed:
    """What a row keeps, as the vault takes it."""
    return Sealed(row.key_id, row.wrapped_key, row.nonce, row.ciphertext)


def _with_sealed(row: UnblockSecretRow | NextSecretRow | None) -> Facts | None:
    return None if row is None else Facts(row.key_id, as_sealed(row))
