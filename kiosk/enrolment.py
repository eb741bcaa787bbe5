"""Bringing holders and cards into the store, and finding them there."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from pydantic import SecretBytes
from sqlalchemy import ColumnElement
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from cardio.card import CardId, KeyUse
from kiosk import finding, refused
from kiosk.arrivals import (
    Change,
    EnrolmentError,
    NewCard,
    NewHolder,
    NewRow,
    RowFault,
    RowsRefused,
    Stage,
    Told,
    chunks,
    consistent,
    faultless,
    silent,
)
from kiosk.audit import Event, Outcome, Subject
from kiosk.enrolled import EnrolledCard, EnrolledHolder, refused_before, unknown_card, unknown_holder
from kiosk.intake import Intake
from kiosk.marks import secret_cleared
from kiosk.persons import Personal
from kiosk.storage.models import (
    CardRow,
    CardState,
    HolderRow,
    NextSecretRow,
    UnblockSecretRow,
    row_id,
)
from kiosk.store import Store
from kiosk.unblock import UnblockSecrets

__all__ = [
    "Change",
    "Enrolment",
    "EnrolmentError",
    "NewCard",
    "NewHolder",
    "NewRow",
    "RowFault",
    "RowsRefused",
]

_PAGE = 500  # holders in a unit of work that only reads


class Enrolment:
    """Adds holders and cards, each call one unit of work: all of it or nothing."""

    def __init__(self, store: Store, secrets: UnblockSecrets) -> None:
        self._store = store
        self._secrets = secrets

    async def add_holder(
        self, holder: NewHolder, *, by: str, reason: str = "", selftest: bool = False
    ) -> None:
        """Add one holder. Raises EnrolmentError if the id is taken."""
        async with self._store.work() as session:
            id = holder.holder_id
            for spelt in (id, id.upper(), id.lower()):  # people do not tell capitals apart
                if await self._holder(session, spelt) is not None:
                    raise EnrolmentError(f"there is a holder {spelt!r} already")
            try:
                await self._intake(session, by, reason).add_holder(holder, selftest=selftest)
            except IntegrityError:  # another officer was quicker
                raise EnrolmentError(f"there is a holder {id!r} already") from None

    async def enrol(
        self, holder_id: str, card: NewCard, *, by: str, reason: str = "", instead_of: CardId | None = None
    ) -> Change:
        """Tie a card to a holder. ``instead_of``: another of theirs, which is revoked with it.

        Raises EnrolmentError for an unknown holder, another's card, and a secret that it refused before;
        VaultError where the holder's record does not open.
        """
        async with self._store.work() as session:
            holder = await self._holder(session, holder_id)
            if holder is None:
                raise unknown_holder(holder_id)
            key = await self._store.persons.key(session)
            name = key.open(holder.audit_key, Personal.NAME, holder.name)
            row = NewRow(1, NewHolder(holder.holder_id, name, ""), card)
            try:
                ((change, *_),) = await self._intake(session, by, reason).take_in([row])
            except RowsRefused as refusal:
                raise EnrolmentError(refusal.faults[0].reason) from None
            except IntegrityError:
                raise EnrolmentError(f"card {card.id} was enrolled just now: see whose it is") from None
            if change is Change.REFUSED:
                raise refused_before("unblock secret")
            if instead_of is not None:
                await self._give_way(session, holder, instead_of, card.id, by, reason)
            return change

    async def _give_way(
        self, session: AsyncSession, holder: HolderRow, old: CardId, new: CardId, by: str, reason: str
    ) -> None:
        """Revoke the holder's old card; done again, it changes nothing."""
        row = await self._card(session, old)
        if row is None:
            raise unknown_card(old)
        if row.holder != holder.id:
            raise EnrolmentError(f"card {old} is another holder's")
        taking = await self._card(session, new)
        if taking is None or taking.id == row.id:
            raise EnrolmentError("a card cannot take its own place: put the new one into the reader")
        if taking.state != CardState.ACTIVE.value:
            raise EnrolmentError(f"card {new} is {taking.state}: 'kiosk card activate' takes it back first")
        if row.state != CardState.REVOKED.value:
            await self._set_state(session, row, CardState.REVOKED, by, reason)

    async def faults(self, rows: Iterable[NewRow | RowFault], told: Told = silent) -> list[RowFault]:
        """Those among the rows, and what `import_all` would refuse the others for, by line."""
        found: list[RowFault] = []
        for chunk in chunks(consistent(rows, found)):
            async with self._store.work() as session:
                found += await self._intake(session, "").faults(chunk)
            told(Stage.CHECKING, chunk[-1].line)
        return sorted(found)

    async def import_all(
        self, rows: Iterable[NewRow | RowFault], *, by: str, told: Told = silent
    ) -> Counter[Change]:
        """Take in every row; what became of how many cards, and of the secrets given for them.

        It goes through the rows twice: raises RowsRefused with every fault before any row is taken in.
        A row that is there already changes nothing but the card's secret and key, where they differ: an
        import that was interrupted goes on when it is begun again.
        """
        if faults := await self.faults(rows, told):
            raise RowsRefused(faults)
        changes: Counter[Change] = Counter()
        for chunk in chunks(faultless(rows)):
            async with self._store.work() as session:
                taken = await self._intake(session, by).take_in(chunk)
            changes.update(change for each in taken for change in each)
            told(Stage.BRINGING_IN, chunk[-1].line)
        return changes

    async def set_card_state(self, card: CardId, state: CardState, *, by: str, reason: str) -> None:
        """Suspend, revoke or take back into use. Raises EnrolmentError for an unknown card."""
        async with self._store.work() as session:
            row = await self._card(session, card)
            if row is None:
                raise unknown_card(card)
            await self._set_state(session, row, state, by, reason)

    async def _set_state(
        self, session: AsyncSession, row: CardRow, state: CardState, by: str, reason: str
    ) -> None:
        row.state = state.value
        session.add(row)
        about = await self._about(session, row, by)
        self._store.audit.record(session, Event.CARD_STATE_SET, about, reason=reason, state=state.value)

    async def require_pinned(
        self, card: CardId, shown: Mapping[KeyUse, bytes | None], *, by: str, alarm: bool = True
    ) -> None:
        """Raise EnrolmentError if a pinned key is none of those shown. ``alarm``: it goes on record."""
        async with self._store.work() as session:
            row = await self._card(session, card)
            if row is None:
                return
            pinned = {KeyUse.FREE: row.public_key, KeyUse.PASSCODE: row.passcode_key}
            others = [use for use, key in pinned.items() if key is not None and key != shown.get(use)]
            if others and alarm:
                about = await self._about(session, row, by)
                use = others[0].value
                self._store.audit.record(
                    session, Event.CARD_NOT_GENUINE, about, Outcome.ALARM, "another key at enrolment", use=use
                )
        if others:
            shows = "another key than the one" if shown.get(others[0]) else "no key, but one is"
            raise EnrolmentError(
                f"this card shows {shows} pinned for it: it may be a copy; if the card was given a new key, "
                "--replace-key"
            )

    async def keeps_another(self, card: CardId, secret: SecretBytes) -> bool:
        """Whether the card has accepted another secret, which is kept for it and does not give way."""
        async with self._store.work() as session:
            row = await self._card(session, card)
            if row is None or not row.secret_proven:
                return False
            kept = await session.get(UnblockSecretRow, row.id)
            opens = kept is None or await self._secrets.opens(row, kept)
            return opens and not await self._secrets.is_present(row, kept, secret)

    async def clear_secret(self, card: CardId, *, by: str, reason: str) -> None:
        """Somebody has looked: a secret that failed may be sent again, and another one be taken instead.

        So it is for a card that refused one at an officer's desk and is not in the store. Raises
        EnrolmentError for a card of which nothing is known.
        """
        async with self._store.work() as session:
            row = await self._card(session, card)
            if row is not None:
                about = await self._about(session, row, by)
                await secret_cleared(session, self._store, row_id(row), about, reason)
            elif await refused.forget(session, card):
                self._store.audit.record(
                    session, Event.UNBLOCK_SECRET_CLEARED, Subject(actor=by), reason=reason
                )
            else:
                raise unknown_card(card)

    async def _about(self, session: AsyncSession, row: CardRow, by: str) -> Subject:
        holder = await session.get_one(HolderRow, row.holder)
        return Subject(holder.audit_key, row.audit_key, actor=by)

    def _intake(self, session: AsyncSession, by: str, reason: str = "") -> Intake:
        return Intake(self._store, self._secrets, session, by, reason)

    async def _holder(self, session: AsyncSession, holder_id: str) -> HolderRow | None:
        query = select(HolderRow).where(HolderRow.holder_id == holder_id)
        return (await session.exec(query.with_for_update(key_share=True))).one_or_none()

    async def _card(self, session: AsyncSession, card: CardId) -> CardRow | None:
        query = select(CardRow).where(
            CardRow.family == card.family, CardRow.kind == card.kind, CardRow.serial == card.serial
        )
        return (await session.exec(query.with_for_update(key_share=True))).one_or_none()

    async def holder(self, holder_id: str) -> EnrolledHolder:
        """One holder. Raises EnrolmentError if there is none of that id."""
        async with self._store.work() as session:
            found = await self._holder(session, holder_id)
            if found is None or found.selftest:
                raise unknown_holder(holder_id)
            return await self._enrolled(session, found)

    async def all_holders(self) -> AsyncIterator[list[EnrolledHolder]]:
        """Every holder, by id, in pages; those of the self-test are left out.

        Each page is a unit of work of its own: kiosks get their turn in between.
        """
        after = ""
        while True:
            async with self._store.work() as session:
                rows = (await session.exec(_following(after))).all()
                page = [await self._enrolled(session, row) for row in rows]
            if not page:
                return
            yield page
            after = page[-1].row.holder_id

    async def find(self, text: str, most: int | None = None) -> Sequence[EnrolledHolder]:
        """The holders of that id, address or visit, or whose name has all these words; ``most`` at most."""
        async with self._store.work() as session:
            rows = await finding.found(session, self._store.persons, text, most)
            return [await self._enrolled(session, row) for row in rows]

    async def why_nobody(self, text: str) -> str:
        """Why a visit's reference leads to nobody, in words; empty where no visit on record has it."""
        async with self._store.work() as session:
            return await finding.why_nobody(session, text)

    async def _enrolled(self, session: AsyncSession, row: HolderRow) -> EnrolledHolder:
        person = await self._store.persons.opening(session, row.audit_key)
        name, email = person.open(Personal.NAME, row.name), person.open(Personal.RA_EMAIL, row.ra_email)
        return EnrolledHolder(
            row,
            None if Personal.NAME.value in person.shut else name,
            None if Personal.RA_EMAIL.value in person.shut else email,
        )

    async def cards(self, holder_id: str) -> Sequence[EnrolledCard]:
        """A holder's cards; those of the self-test are left out."""
        async with self._store.work() as session:
            return await self._cards(session, col(HolderRow.holder_id) == holder_id)

    async def all_cards(self) -> AsyncIterator[Sequence[EnrolledCard]]:
        """Every card, by holder, in pages, as `all_holders`."""
        after = ""
        while True:
            async with self._store.work() as session:
                ids = [row.holder_id for row in await session.exec(_following(after))]
                if not ids:
                    return
                page = await self._cards(session, col(HolderRow.holder_id).between(ids[0], ids[-1]))
            yield page
            after = ids[-1]

    async def _cards(self, session: AsyncSession, whose: ColumnElement[bool]) -> list[EnrolledCard]:
        query = (
            select(CardRow, HolderRow, UnblockSecretRow, NextSecretRow.card)
            .join(HolderRow, col(CardRow.holder) == col(HolderRow.id))
            .outerjoin(UnblockSecretRow, col(UnblockSecretRow.card) == col(CardRow.id))
            .outerjoin(NextSecretRow, col(NextSecretRow.card) == col(CardRow.id))
            .where(whose, ~col(HolderRow.selftest))
            .order_by(col(HolderRow.holder_id), col(CardRow.id))
        )
        return [
            EnrolledCard(
                card,
                holder.holder_id,
                (await self._enrolled(session, holder)).name,
                await self._secrets.source(card, kept),
                following is not None,
            )
            for card, holder, kept, following in (await session.exec(query)).all()
        ]


def _following(after: str) -> SelectOfScalar[HolderRow]:
    """Selects the next page of holders, by id."""
    later = (col(HolderRow.holder_id) > after, ~col(HolderRow.selftest))
    return select(HolderRow).where(*later).order_by(col(HolderRow.holder_id)).limit(_PAGE)
