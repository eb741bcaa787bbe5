"""The mail server, and the notices that wait for it. Whose a notice is, nobody is shown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.audit import Event, Outcome, Subject
from kiosk.letters import trial_letter
from kiosk.mail import Mailer, MailFacts, MailNotSent
from kiosk.office.doctor.surroundings import mail_advice
from kiosk.proofs.emails import EmailRefused
from kiosk.service import Service
from kiosk.staff.account import Account, StaffProblem
from kiosk.staff.rooms.rights import EVERYBODY, OFFICERS, TECHNICIANS, Room, for_roles
from kiosk.staff.tools import MailServer, Waiting
from kiosk.storage.database import StoreUnavailable
from kiosk.storage.models import HolderRow, NoticeRow, NoticeState

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds between two looks at the outbox
MOST = 500  # notices that are shown
LONGEST = 200  # characters of a reason
_REAL = col(NoticeRow.selftest).is_(False)


class MailRoom(Room):
    """Asks the mail server, and looks after the outbox of the whole store."""

    def __init__(
        self, account: Account, service: Service, mailer: Mailer, probe: Callable[[], Awaitable[MailFacts]]
    ) -> None:
        self.account = account
        self._service = service
        self._store = service.store
        self._mailer = mailer
        self._probe = probe

    @for_roles(TECHNICIANS)
    async def probe(self) -> MailServer:
        """Connect, secure and sign in as for a mail, but send none. Raises StaffProblem, KeyProblem."""
        try:
            facts = await self._probe()
        except MailNotSent as failure:
            mail = self._store.settings.mail
            raise StaffProblem(f"{mail.host}:{mail.port}: {failure}; {mail_advice(failure.reason)}") from None
        return MailServer(facts.host, facts.port, facts.tls, facts.certificate_expires, facts.signed_in)

    @for_roles(TECHNICIANS)
    async def send_test(self, address: str) -> None:
        """Send a test mail. Raises MailNotSent; StaffProblem for an address that is not approved."""
        settings = self._store.settings
        try:
            recipient = self._service.address(address)
        except EmailRefused:
            domains = ", ".join(settings.email.domains)
            raise StaffProblem(f"give one address at {domains}, or at a subdomain") from None
        letter = trial_letter(
            by=self.account.name, at=self._store.clock.now(), site=settings.site, mail=settings.mail
        )
        try:
            await self._mailer.send(letter, recipient)
        except MailNotSent as failure:
            log.warning("a test mail of %s was not sent: %s", self.account.name, failure.reason)
            with suppress(StoreUnavailable):  # what the mail server said is what they came for
                await self._store.record(Event.MAIL_TESTED, self._me, Outcome.FAILED, failure.reason)
            raise
        log.info("a test mail of %s was sent", self.account.name)
        try:
            await self._store.record(Event.MAIL_TESTED, self._me)
        except StoreUnavailable:
            raise StaffProblem("it was sent; but the store is away, and that is not on record") from None

    @for_roles(EVERYBODY)
    async def outbox(self) -> AsyncIterator[tuple[Waiting, ...]]:
        """The notices that wait, the oldest first, again and again."""
        query = select(NoticeRow).where(_REAL).order_by(col(NoticeRow.id)).limit(MOST)
        while True:
            async with self._store.work() as session:
                rows = (await session.exec(query)).all()
            yield tuple(map(_waiting, rows))
            await asyncio.sleep(EVERY)

    @for_roles(EVERYBODY)
    async def retry(self) -> int:
        """Have all that wait tried now; how many that is."""
        async with self._store.work() as session:
            count = await self._service.notices.hurry(session)
            self._store.audit.record(session, Event.NOTICES_HURRIED, self._me, notices=count)
        return count

    @for_roles(OFFICERS)
    async def drop(self, number: int, reason: str) -> None:
        """Take one out: it is never sent. Raises StaffProblem without a reason, or where it is gone."""
        why = " ".join(reason.split())
        if not why or len(why) > LONGEST or not why.isprintable():
            raise StaffProblem(f"say in 1 to {LONGEST} characters why it is not to be sent")
        async with self._store.work() as session:
            row = await session.get(NoticeRow, number)
            gone = delete(NoticeRow).where(col(NoticeRow.id) == number, _REAL).returning(col(NoticeRow.id))
            if row is None or (await session.exec(gone)).first() is None:
                raise StaffProblem("it is not there any more: it was sent, or dropped")
            about = await self._about(session, row)
            self._store.audit.record(session, Event.NOTICE_DROPPED, about, reason=why, kind=row.kind)
        await self._store.database.forget()

    async def _about(self, session: AsyncSession, row: NoticeRow) -> Subject:
        holder = None if row.holder is None else await session.get(HolderRow, row.holder)
        return Subject(holder.audit_key if holder else "", actor=self.account.name)

    @property
    def _me(self) -> Subject:
        return Subject(actor=self.account.name)


def _waiting(row: NoticeRow) -> Waiting:
    given_up = row.state == NoticeState.GIVEN_UP.value
    return Waiting(row.id or 0, row.kind, given_up, row.tries, row.created_at, row.next_at)
