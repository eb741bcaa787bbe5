"""What a registration consists of, how it comes to be, changes and ends.

A draft lives in the pending record, its answers already hashed; nothing else is kept until the
emailed code was entered.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from pydantic import SecretStr
from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cardio.card import KeyUse
from kiosk.attempts import answer_context
from kiosk.audit import Event, Subject
from kiosk.codes import Then
from kiosk.genuine import ProvenKeys
from kiosk.letters import NoticeKind
from kiosk.notices import Notices
from kiosk.pendings import ProofMissing
from kiosk.persons import Personal
from kiosk.proofs.answers import NORMALISER, normalise
from kiosk.proofs.hashing import Hasher
from kiosk.standing import require_same_addresses, require_standing
from kiosk.steps import Answered, Purpose
from kiosk.storage.models import CardRow, PendingRow, RegistrationRow, SecurityAnswerRow
from kiosk.store import Store
from kiosk.visit import Known, Visit


@dataclass(frozen=True)
class HashedAnswer:
    """An answer ready to be kept."""

    question: str
    normaliser: int
    hash: str


class Registrations:
    """Completes, changes and ends registrations."""

    def __init__(self, store: Store, hasher: Hasher, notices: Notices) -> None:
        self._store = store
        self._hasher = hasher
        self._notices = notices

    async def hash_answers(self, visit: Visit, answers: Sequence[Answered]) -> tuple[HashedAnswer, ...]:
        """Hash new answers for their holder."""
        hashes = await asyncio.gather(
            *(
                self._hasher.hash(
                    answer_context(visit.known.holder_key, row.question),
                    SecretStr(normalise(row.answer.get_secret_value())),
                )
                for row in answers
            )
        )
        return tuple(
            HashedAnswer(row.question, NORMALISER, hashed)
            for row, hashed in zip(answers, hashes, strict=True)
        )

    def draft(self, answers: Sequence[HashedAnswer]) -> str:
        """What the pending record keeps of a registration until its code comes back."""
        return json.dumps([self._store.settings.privacy.version, [asdict(row) for row in answers]])

    def complete(self, visit: Visit, keys: ProvenKeys, language: str) -> Then:
        """What to do in the transaction that consumes a registration's code.

        Pins ``keys``, which the card has proven, where none is pinned yet.
        """

        async def then(session: AsyncSession, pending: PendingRow) -> None:
            await require_standing(session, self._store, visit)
            known = visit.known
            if not pending.draft or await require_same_addresses(session, self._store, visit) is not None:
                raise ProofMissing  # swept away, or they have registered with another card meanwhile
            key = await self._store.persons.key(session)
            version, answers = json.loads(key.open(known.holder_key, Personal.PENDING_DRAFT, pending.draft))
            email = key.open(known.holder_key, Personal.PENDING_EMAIL, pending.email)
            now, own = self._store.clock.now(), email != known.ra_email
            session.add(
                RegistrationRow(
                    holder=known.holder,
                    email=key.seal(known.holder_key, Personal.OWN_EMAIL, email),
                    email_index=self._store.persons.address_index(email),
                    own_email=own,
                    privacy_version=version,
                    registered_at=now,
                    usable_from=now + self._hold(own),
                )
            )
            await session.flush()
            self._add_answers(session, known.holder, [HashedAnswer(**row) for row in answers])
            await self._pin(session, visit, keys)
            self._store.audit.record(
                session, Event.REGISTERED, visit.about, own_email=own, privacy_version=version
            )
            await self._notices.queue(session, NoticeKind.REGISTERED, known, email, language)
            if own:
                await self._notices.queue(
                    session, NoticeKind.REGISTERED_ELSEWHERE, known, known.ra_email, language
                )
            await self.drop_pending(session, known.holder, Purpose.REGISTER)

        return then

    async def change_questions(self, visit: Visit, answers: Sequence[HashedAnswer], language: str) -> None:
        """Put new questions in place of the old ones. Attempts and blocks stay as they are."""
        known = visit.known
        async with self._store.work(visit.known.holder) as session:
            await require_standing(session, self._store, visit)
            await require_same_addresses(session, self._store, visit)
            await session.exec(delete(SecurityAnswerRow).where(col(SecurityAnswerRow.holder) == known.holder))
            self._add_answers(session, known.holder, answers)
            await self.drop_pending(session, known.holder, *Purpose)  # what the old answers had proven
            self._store.audit.record(session, Event.QUESTIONS_CHANGED, visit.about)
            await self._notices.queue(session, NoticeKind.QUESTIONS_CHANGED, known, known.email, language)

    def change_email(self, visit: Visit, language: str) -> Then:
        """What to do in the transaction that consumes the code to a new address."""

        async def then(session: AsyncSession, pending: PendingRow) -> None:
            await require_standing(session, self._store, visit)
            known, now = visit.known, self._store.clock.now()
            valid = timedelta(minutes=self._store.settings.unlock.proofs_valid_minutes)
            row = await require_same_addresses(session, self._store, visit)
            if row is None or pending.created_at < now - valid:  # withdrawn meanwhile, or proven too long ago
                raise ProofMissing
            key = await self._store.persons.key(session)
            old = key.open(known.holder_key, Personal.OWN_EMAIL, row.email)
            new = key.open(known.holder_key, Personal.PENDING_EMAIL, pending.email)
            row.email = key.seal(known.holder_key, Personal.OWN_EMAIL, new)
            row.email_index = self._store.persons.address_index(new)
            row.own_email = new != known.ra_email
            row.usable_from = now + self._hold(row.own_email)
            self._store.audit.record(session, Event.EMAIL_CHANGED, visit.about, own_email=row.own_email)
            for recipient in (old, new):
                await self._notices.queue(session, NoticeKind.EMAIL_CHANGED, known, recipient, language)
            await self.drop_pending(session, known.holder, *Purpose)  # codes that went to the old address

        return then

    async def withdraw(self, visit: Visit, language: str) -> None:
        """Erase answers, own address and pending codes. Attempts and blocks stay."""
        known = visit.known
        async with self._store.work(visit.known.holder) as session:
            await require_standing(session, self._store, visit)
            await require_same_addresses(session, self._store, visit)
            await self._notices.queue(session, NoticeKind.WITHDRAWN, known, known.email, language)
            await self.end(session, known.holder)
            self._store.audit.record(session, Event.WITHDRAWN, visit.about)
        await self._store.database.forget()

    async def lapse(self, known: Known, language: str) -> None:
        """Erase what `withdraw` does, for somebody who has not come for too long."""
        async with self._store.work() as session:
            await self._notices.queue(session, NoticeKind.LAPSED, known, known.email, language)
            await self.end(session, known.holder)
            about = Subject(known.holder_key, selftest=known.selftest)
            self._store.audit.record(session, Event.REGISTRATION_LAPSED, about, reason="unused")

    async def _pin(self, session: AsyncSession, visit: Visit, keys: ProvenKeys) -> None:
        """From now on it must prove them every time."""
        card = await session.get_one(CardRow, visit.known.card)
        if keys.free is not None and card.public_key is None:
            card.public_key = keys.free
            self._store.audit.record(session, Event.KEY_PINNED, visit.about, use=KeyUse.FREE.value)
        if keys.passcode is not None and card.passcode_key is None:
            card.passcode_key = keys.passcode
            self._store.audit.record(session, Event.KEY_PINNED, visit.about, use=KeyUse.PASSCODE.value)

    def _hold(self, own_email: bool) -> timedelta:
        """How long an address that the RA does not know must wait before it may unlock."""
        return timedelta(hours=self._store.settings.registration.hold_hours if own_email else 0)

    async def drop_pending(self, session: AsyncSession, holder: int, *purposes: Purpose) -> None:
        """Drop what is pending for these purposes, on any card of the holder, within a unit of work."""
        cards = select(CardRow.id).where(CardRow.holder == holder)
        await session.exec(
            delete(PendingRow).where(
                col(PendingRow.card).in_(cards),
                col(PendingRow.purpose).in_([purpose.value for purpose in purposes]),
            )
        )

    async def end(self, session: AsyncSession, holder: int) -> None:
        """Erase, in a unit of work, answers, own address and pending codes. Attempts and blocks stay."""
        await session.exec(delete(SecurityAnswerRow).where(col(SecurityAnswerRow.holder) == holder))
        await session.exec(delete(RegistrationRow).where(col(RegistrationRow.holder) == holder))
        await self.drop_pending(session, holder, *Purpose)

    def _add_answers(self, session: AsyncSession, holder: int, answers: Sequence[HashedAnswer]) -> None:
        session.add_all(
            SecurityAnswerRow(holder=holder, position=position, **asdict(row))
            for position, row in enumerate(answers)
        )
