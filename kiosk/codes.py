"""Emailed codes: made, sent, entered.

A code is stored hashed as *sending*, becomes usable only when the mail server has taken the mail,
and is consumed in the transaction that records what it proves.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr
from sqlalchemy import ColumnElement, and_, delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.audit import Event, Outcome
from kiosk.i18n import words
from kiosk.letters import code_letter
from kiosk.mail import Mailer, MailNotSent
from kiosk.pendings import Pendings, ProofMissing
from kiosk.persons import Personal
from kiosk.proofs.codes import clean, new_code
from kiosk.proofs.hashing import Hasher
from kiosk.refusals import CodeRefusal
from kiosk.standing import require_same_addresses, require_standing
from kiosk.steps import Purpose
from kiosk.storage.models import CodeMailRow, CodeState, HolderRow, PendingRow, RegistrationRow
from kiosk.store import Store
from kiosk.visit import Visit

log = logging.getLogger(__name__)

DIGITS = 8
NEW_ADDRESS = (Purpose.REGISTER, Purpose.CHANGE_EMAIL)  # their code proves an address not yet on file
Then = Callable[[AsyncSession, PendingRow], Awaitable[None]]
Before = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Sent:
    """A code that can be entered. ``resend_at`` None: no further mail in this visit or hour."""

    expires_at: datetime
    resend_at: datetime | None


@dataclass(frozen=True)
class Entry:
    """What came of a code that was entered."""

    refusal: CodeRefusal | None = None
    tries_left: int | None = None

    @property
    def right(self) -> bool:
        """Whether the code was accepted."""
        return self.refusal is None


class TooManyMails(Exception):
    """A rate was reached. ``again_at``: when the next mail may go out, None = not in this visit or hour."""

    def __init__(self, again_at: datetime | None) -> None:
        super().__init__("too many mails")
        self.again_at = again_at


class Codes:
    """Sends and checks emailed codes."""

    def __init__(self, store: Store, hasher: Hasher, pendings: Pendings, mailer: Mailer) -> None:
        self._store = store
        self._hasher = hasher
        self._pendings = pendings
        self._mailer = mailer

    async def send(
        self, visit: Visit, purpose: Purpose, email: str, language: str, draft: str | None = None
    ) -> Sent:
        """Make a code, void the old one, mail the new one.

        ``draft`` replaces what the code will confirm, None keeps it. Raises TooManyMails,
        MailNotSent (the code is void), StoreUnavailable.
        """
        code = new_code(DIGITS)
        hashed = await self._hasher.hash(_context(visit, purpose), code)
        mail = await self._prepare(visit, purpose, email, hashed, draft)
        minutes = timedelta(minutes=self._store.settings.codes.minutes)
        letter = code_letter(
            purpose,
            code,
            name=visit.known.name,
            until=self._store.clock.now() + minutes,
            site=self._store.settings.site,
            mail=self._store.settings.mail,
            words=words(language),
        )
        try:
            await self._mailer.send(letter, email)
        except MailNotSent as failure:
            log.warning("visit %s: the code was not sent: %s", visit.reference, failure.reason)
            await self._failed(visit, purpose, hashed, failure, None if failure.perhaps else mail)
            raise
        return await self._taken(visit, purpose, hashed, minutes)

    async def _prepare(
        self, visit: Visit, purpose: Purpose, email: str, hashed: str, draft: str | None
    ) -> int | None:
        """Count the mail against the rates and store the code as *sending*."""
        now = self._store.clock.now()
        async with self._store.work(visit.known.holder) as session:
            holder = visit.known.holder
            again_at = await self._next_mail(session, visit, purpose, now)
            if again_at == now:
                await self._require_address(session, visit, purpose, email)
                row = await self._pendings.open(session, visit, purpose)
                key, owner = await self._store.persons.key(session), visit.known.holder_key
                row.email = key.seal(owner, Personal.PENDING_EMAIL, email)
                if draft is not None:
                    row.draft, row.created_at = key.seal(owner, Personal.PENDING_DRAFT, draft), now
                row.code_hash, row.code_state, row.code_wrong = hashed, CodeState.SENDING.value, 0
                row.code_sent_at, row.code_expires_at = now, None
                mail = CodeMailRow(holder=holder, visit=visit.reference, purpose=purpose.value, at=now)
                session.add(mail)
                await session.flush()
                return mail.id
            if draft is not None:  # the code under way would confirm what was entered before
                await self._pendings.drop(session, visit, purpose)
            self._store.audit.record(
                session, Event.CODE_REFUSED_RATE, visit.about, Outcome.REFUSED, purpose=purpose.value
            )
        raise TooManyMails(again_at)

    async def _require_address(
        self, session: AsyncSession, visit: Visit, purpose: Purpose, email: str
    ) -> None:
        """A code that proves the address on file goes there, even if it was changed a minute ago.

        One that is to put another in its place goes nowhere then.
        """
        await require_standing(session, self._store, visit, blocked_may=True)
        if purpose in NEW_ADDRESS:
            await require_same_addresses(session, self._store, visit)
            return
        holder = await session.get_one(HolderRow, visit.known.holder)
        registration = await session.get(RegistrationRow, visit.known.holder)
        key = await self._store.persons.key(session)
        if registration is not None:
            on_file = key.open(holder.audit_key, Personal.OWN_EMAIL, registration.email)
        else:
            on_file = key.open(holder.audit_key, Personal.RA_EMAIL, holder.ra_email)
        if email != on_file:
            raise ProofMissing

    async def _next_mail(
        self, session: AsyncSession, visit: Visit, purpose: Purpose, now: datetime
    ) -> datetime | None:
        """When the next mail may go out: now, later, or None = not in this visit or hour."""
        rules = self._store.settings.codes
        query = select(CodeMailRow).where(
            CodeMailRow.holder == visit.known.holder, CodeMailRow.at > now - timedelta(hours=1)
        )
        mails = (await session.exec(query)).all()
        if len(mails) >= rules.per_hour or sum(m.visit == visit.reference for m in mails) >= rules.per_visit:
            return None
        like = [mail.at for mail in mails if mail.purpose == purpose.value]
        return max([now, *(at + timedelta(seconds=rules.resend_after) for at in like)])

    async def resend_at(self, visit: Visit, purpose: Purpose) -> datetime | None:
        """When the next mail may be sent; None = no further one in this visit or hour."""
        async with self._store.work() as session:
            return await self._next_mail(session, visit, purpose, self._store.clock.now())

    async def _taken(self, visit: Visit, purpose: Purpose, hashed: str, minutes: timedelta) -> Sent:
        now = self._store.clock.now()
        async with self._store.work(visit.known.holder) as session:
            await session.exec(
                update(PendingRow)
                .where(_this_code(visit, purpose, hashed, CodeState.SENDING))
                .values(code_state=CodeState.USABLE.value, code_sent_at=now, code_expires_at=now + minutes)
            )
            self._store.audit.record(session, Event.CODE_SENT, visit.about, purpose=purpose.value)
            return Sent(now + minutes, await self._next_mail(session, visit, purpose, now))

    async def _failed(
        self, visit: Visit, purpose: Purpose, hashed: str, failure: MailNotSent, uncounted: int | None
    ) -> None:
        """Void the code. A mail that surely did not leave does not count against the rates."""
        async with self._store.work(visit.known.holder) as session:
            await session.exec(
                update(PendingRow)
                .where(_this_code(visit, purpose, hashed, CodeState.SENDING))
                .values(code_state=CodeState.VOID.value, code_hash="")
            )
            await session.exec(delete(CodeMailRow).where(col(CodeMailRow.id) == uncounted))
            self._store.audit.record(
                session, Event.CODE_SENT, visit.about, Outcome.FAILED, failure.reason, purpose=purpose.value
            )

    async def check(
        self,
        visit: Visit,
        purpose: Purpose,
        typed: SecretStr,
        then: Then | None = None,
        before: Before | None = None,
    ) -> Entry:
        """Spend a try and check the code. ``then`` runs in the transaction that consumes a right one.

        ``before`` runs once it is known to be right. Raises StoreUnavailable, and whatever ``before``
        and ``then`` raise (the code stays usable).
        """
        spent = await self._spend(visit, purpose)
        if isinstance(spent, CodeRefusal):
            return await self._refuse(visit, purpose, spent, None)
        hashed, wrong = spent
        code = SecretStr(clean(typed.get_secret_value()))
        if not await self._hasher.matches(_context(visit, purpose), code, hashed):
            left = self._store.settings.codes.tries - wrong
            return await self._refuse(visit, purpose, CodeRefusal.WRONG if left else CodeRefusal.VOID, left)
        if before is not None:
            await before()
        if not await self._consume(visit, purpose, hashed, then):
            return await self._refuse(visit, purpose, CodeRefusal.VOID, None)
        return Entry()

    async def _spend(self, visit: Visit, purpose: Purpose) -> tuple[str, int] | CodeRefusal:
        if not self._store.clock.is_believable():
            return CodeRefusal.VOID  # it jumped within this visit: who knows how old the code is
        now = self._store.clock.now()
        wrong = col(PendingRow.code_wrong)
        async with self._store.work(visit.known.holder) as session:
            spent = await session.exec(
                update(PendingRow)
                .where(
                    col(PendingRow.card) == visit.known.card,
                    col(PendingRow.purpose) == purpose.value,
                    col(PendingRow.code_state) == CodeState.USABLE.value,
                    wrong < self._store.settings.codes.tries,
                    col(PendingRow.code_expires_at) > now,
                )
                .values(code_wrong=wrong + 1)
                .returning(col(PendingRow.code_hash), wrong)
            )
            if (row := spent.first()) is not None:
                return str(row[0]), int(row[1])
            pending = await self._pendings.get(session, visit, purpose)
        late = pending is not None and pending.code_expires_at is not None and pending.code_expires_at <= now
        return CodeRefusal.EXPIRED if late else CodeRefusal.VOID

    async def _refuse(self, visit: Visit, purpose: Purpose, why: CodeRefusal, left: int | None) -> Entry:
        async with self._store.work(visit.known.holder) as session:
            if why is CodeRefusal.VOID:
                await session.exec(
                    update(PendingRow)
                    .where(
                        col(PendingRow.card) == visit.known.card,
                        col(PendingRow.purpose) == purpose.value,
                        col(PendingRow.code_wrong) >= self._store.settings.codes.tries,
                    )
                    .values(code_state=CodeState.VOID.value, code_hash="")
                )
            self._store.audit.record(
                session,
                Event.CODE_CHECKED,
                visit.about,
                Outcome.REFUSED,
                why.value,
                purpose=purpose.value,
                tries_left=left,
            )
        return Entry(why, left)

    async def _consume(self, visit: Visit, purpose: Purpose, hashed: str, then: Then | None) -> bool:
        async with self._store.work(visit.known.holder) as session:
            used = await session.exec(
                update(PendingRow)
                .where(_this_code(visit, purpose, hashed, CodeState.USABLE))
                .values(
                    code_state=CodeState.USED.value,
                    code_hash="",
                    email_at=self._store.clock.now(),
                    visit=visit.reference,
                )
                .returning(col(PendingRow.id))
            )
            if used.scalar_one_or_none() is None:
                return False  # another kiosk was quicker, or a new code took its place
            row = await self._pendings.open(session, visit, purpose)
            self._store.audit.record(session, Event.CODE_CHECKED, visit.about, purpose=purpose.value)
            if then is not None:
                await then(session, row)
            return True


def _context(visit: Visit, purpose: Purpose) -> str:
    return f"code|{visit.known.holder_key}|{visit.known.card_key}|{purpose.value}"


def _this_code(visit: Visit, purpose: Purpose, hashed: str, state: CodeState) -> ColumnElement[bool]:
    """The pending record, if it still holds this very code in this state."""
    return and_(
        col(PendingRow.card) == visit.known.card,
        col(PendingRow.purpose) == purpose.value,
        col(PendingRow.code_hash) == hashed,
        col(PendingRow.code_state) == state.value,
    )
