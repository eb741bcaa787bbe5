"""Staff accounts: made, listed, disabled and reset by administrators."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pydantic import SecretStr
from sqlalchemy import ColumnElement, and_, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cardio.card import CardId
from kiosk.audit import Event, Outcome, Subject
from kiosk.proofs.hashing import Hasher
from kiosk.staff.account import Account, NotAllowed, Role, StaffProblem
from kiosk.staff.passwords import weakness
from kiosk.storage.staff import StaffRow
from kiosk.store import Store

ALREADY = "there is an administrator already: 'kiosk staff add' makes further accounts"
SHUT_OUT = "your own account was changed meanwhile: nothing was done"
CHANGED = "the account was changed meanwhile: go back, and see what will happen now. Nothing was done"
_NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")
_CARD = re.compile(r"staff\.card$|\(card\)=", re.MULTILINE)  # SQLite's name of the column, and PostgreSQL's


@dataclass(frozen=True)
class StaffCard:
    """A card to be pinned to an account: what it is, and the key that signs after its passcode (DER)."""

    id: CardId
    public_key: bytes = field(repr=False)


def folded(name: str) -> str:
    """An account's name as it is kept: lower case. Raises StaffProblem for what can be none."""
    text = name.strip().casefold()
    if not _NAME.fullmatch(text):
        raise StaffProblem(
            "a staff name has 2 to 32 of a-z, 0-9, dot, hyphen and underscore, and begins with a letter"
        )
    return text


def context(name: str) -> str:
    """What a staff password's hash is bound to."""
    return f"staff|{name}"


class Accounts:
    """Reads and changes accounts. Every change is in the audit trail, in the name of ``by``.

    An account that changes another is looked at in the same unit of work. Raises NotAllowed where it was
    disabled or reset since it was let in, so that nobody who is being put out lets themselves in again.
    """

    def __init__(self, store: Store, hasher: Hasher) -> None:
        self._store = store
        self._hasher = hasher

    async def all(self) -> Sequence[Account]:
        """Every account, by name."""
        async with self._store.work() as session:
            return [_account(row) for row in await session.exec(select(StaffRow).order_by(StaffRow.name))]

    async def find(self, name: str) -> Account | None:
        """The account of that name, disabled or not."""
        async with self._store.work() as session:
            row = await _row(session, col(StaffRow.name) == name)
            return None if row is None else _account(row)

    async def of_card(self, card: CardId) -> Account | None:
        """The account whose staff card that is, disabled or not."""
        async with self._store.work() as session:
            row = await _row(session, col(StaffRow.card) == str(card))
            return None if row is None else _account(row)

    async def password_hash(self, name: str) -> str:
        """The hash of that account's password; one that nothing matches where there is none."""
        async with self._store.work() as session:
            usable = and_(col(StaffRow.name) == name, col(StaffRow.disabled).is_(False))
            row = await _row(session, usable)
            return (row.password_hash if row is not None else "") or self._hasher.dummy

    async def any(self) -> bool:
        """Whether there is any account, disabled or not."""
        async with self._store.work() as session:
            return (await session.exec(select(StaffRow.id).limit(1))).first() is not None

    async def has_administrator(self) -> bool:
        """Whether anybody is there who can make accounts."""
        async with self._store.work() as session:
            return await _administrators(session) > 0

    async def add(
        self, name: str, role: Role, password: SecretStr | None, card: StaffCard | None, *, by: str | Account
    ) -> None:
        """Make an account. Raises StaffProblem for a name that is taken, a weak password, a card in use."""
        row = await self._new(name, role, password, card)
        async with self._alone(by) as session:
            await self._keep(session, row, Event.STAFF_ADDED, by, staff=row.name, role=role.value)

    async def add_first(self, name: str, password: SecretStr, *, by: str) -> None:
        """Make the administrator who makes all others. Raises StaffProblem where there is one already."""
        row = await self._new(name, Role.ADMINISTRATOR, password, None)
        async with self._alone(by) as session:
            if await _administrators(session):
                raise StaffProblem(ALREADY)
            await self._keep(session, row, Event.STAFF_ADDED, by, staff=row.name, role=row.role)

    async def _new(
        self, name: str, role: Role, password: SecretStr | None, card: StaffCard | None
    ) -> StaffRow:
        name = folded(name)
        if password is None and card is None:
            raise StaffProblem("an account needs a password or a staff card")
        hashed = await self._hashed(name, password)
        return StaffRow(
            name=name,
            role=role.value,
            password_hash=hashed,
            card=str(card.id) if card else None,
            card_key=card.public_key if card else None,
            created_at=self._store.clock.now(),
        )

    async def disable(self, name: str, reason: str, *, by: str | Account) -> None:
        """Let nobody sign in by that name any more. Raises StaffProblem for the last administrator."""
        async with self._alone(by) as session:
            row = await self._required(session, name)
            if (
                row.role == Role.ADMINISTRATOR.value
                and not row.disabled
                and await _administrators(session) < 2
            ):
                raise StaffProblem(f"{row.name!r} is the last administrator: make another one first")
            row.disabled = True
            session.add(row)
            about, audit = Subject(actor=_actor(by)), self._store.audit
            audit.record(session, Event.STAFF_DISABLED, about, reason=reason, at=None, staff=row.name)

    async def reset(
        self,
        name: str,
        password: SecretStr | None,
        card: StaffCard | None,
        *,
        by: str | Account,
        seen: Account | None = None,
    ) -> None:
        """Give an account a new password or a new card, and let it sign in again. Raises StaffProblem.

        ``seen``: the account as it was when that was decided; not one that somebody has shut meanwhile.
        """
        name = folded(name)
        hashed = await self._hashed(name, password)
        change = "both" if password and card else "password" if password else "card" if card else "enabled"
        async with self._alone(by) as session:
            row = await self._required(session, name)
            if seen is not None and _account(row) != seen:
                raise StaffProblem(CHANGED)
            row.disabled = False
            if password is not None:
                row.password_hash = hashed
            if card is not None:
                row.card, row.card_key = str(card.id), card.public_key
            await self._keep(session, row, Event.STAFF_RESET, by, staff=name, change=change)

    async def _keep(
        self, session: AsyncSession, row: StaffRow, event: Event, by: str | Account, **detail: str
    ) -> None:
        try:
            await session.merge(row)  # which writes what is there already
            await session.flush()
        except IntegrityError as error:
            card = _CARD.search(str(error.orig))  # which quotes what was typed, too
            raise StaffProblem("that card is another account's" if card else "that name is taken") from None
        about = Subject(actor=_actor(by))
        self._store.audit.record(session, event, about, Outcome.OK, "", at=None, **detail)

    @asynccontextmanager
    async def _alone(self, by: str | Account) -> AsyncIterator[AsyncSession]:
        """A unit of work beside which nobody changes accounts: it counts, and acts by what it has found."""
        async with self._store.work() as session:
            if not self._store.database.backend.one_at_a_time:
                lock = text("LOCK TABLE staff IN SHARE ROW EXCLUSIVE MODE")
                await (await session.connection()).execute(lock)
            if isinstance(by, Account):
                mine = await _row(session, col(StaffRow.name) == by.name)
                if not by.stands(None if mine is None else _account(mine)):
                    raise NotAllowed(SHUT_OUT)
            yield session

    async def _hashed(self, name: str, password: SecretStr | None) -> str:
        if password is None:
            return ""
        if wrong := await asyncio.to_thread(weakness, password, name):  # it takes a moment to think
            raise StaffProblem(f"the password {wrong}")
        return await self._hasher.hash(context(name), password)

    async def _required(self, session: AsyncSession, name: str) -> StaffRow:
        row = await _row(session, col(StaffRow.name) == folded(name))
        if row is None:
            raise StaffProblem(f"there is no staff account {name!r}: 'kiosk staff list' names them")
        return row


def _actor(by: str | Account) -> str:
    return by.actor if isinstance(by, Account) else by


async def _row(session: AsyncSession, which: ColumnElement[bool]) -> StaffRow | None:
    return (await session.exec(select(StaffRow).where(which))).one_or_none()


async def _administrators(session: AsyncSession) -> int:
    usable = and_(col(StaffRow.role) == Role.ADMINISTRATOR.value, col(StaffRow.disabled).is_(False))
    return (await session.exec(select(func.count()).select_from(StaffRow).where(usable))).one()


def _account(row: StaffRow) -> Account:
    opens = f"{row.password_hash}|{row.card}".encode() + (row.card_key or b"")
    return Account(
        name=row.name,
        role=Role(row.role),
        disabled=row.disabled,
        password=bool(row.password_hash),
        card=row.card is not None,
        created_at=row.created_at,
        card_key=row.card_key,
        opened_by=hashlib.sha256(opens).hexdigest(),
    )
