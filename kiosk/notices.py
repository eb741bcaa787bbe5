"""Notices: mails that tell what happened and that nobody waits for.

They are queued in the transaction of what they tell about, and sent by a task of their own that
tries again until the server takes them.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from email.message import EmailMessage
from typing import Protocol

from sqlalchemy import delete, event, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.audit import Event, Outcome, Subject
from kiosk.i18n import words
from kiosk.incidents import redacted
from kiosk.letters import NoticeKind, notice_letter
from kiosk.mail import Mailer, MailNotSent
from kiosk.persons import Personal
from kiosk.reports.writing import write_report
from kiosk.storage.database import StoreUnavailable
from kiosk.storage.models import HolderRow, NoticeRow, NoticeState
from kiosk.store import Store
from kiosk.vault import VaultError

log = logging.getLogger(__name__)

FIRST_RETRY = timedelta(seconds=30)
LAST_RETRY = timedelta(hours=1)
DOUBLINGS = 10  # far past LAST_RETRY; a power without a limit would soon be no timedelta any more
GIVE_UP_AFTER = timedelta(days=3)


class Addressee(Protocol):
    """Whom a notice is about, as much as its letter needs."""

    @property
    def holder(self) -> int:
        """The row of the holder."""

    @property
    def holder_key(self) -> str:
        """Their key in the audit trail."""

    @property
    def name(self) -> str:
        """How the letter greets them."""

    @property
    def selftest(self) -> bool:
        """Whether they are the self-test's."""


class Notices:
    """The queue, and the task that empties it."""

    def __init__(self, store: Store, mailer: Mailer, *, selftest: bool = False) -> None:
        self._store = store
        self._selftest = selftest
        self._mailer = mailer
        self._wake = asyncio.Event()
        self._stopping = False
        self._told = ""

    async def queue(
        self, session: AsyncSession, kind: NoticeKind, known: Addressee | None, recipient: str, language: str
    ) -> None:
        """Queue a notice with the transaction; nothing happens for an empty address. Raises VaultError.

        ``known`` None: it is about nobody.
        """
        if not recipient:
            return
        now = self._store.clock.now()
        key = await self._store.persons.key(session)
        about = known.holder_key if known else ""
        session.add(
            NoticeRow(
                kind=kind.value,
                holder=known.holder if known else None,
                recipient=key.seal(about, Personal.NOTICE_RECIPIENT, recipient),
                name=key.seal(about, Personal.NOTICE_NAME, known.name if known else ""),
                language=language,
                kiosk=self._store.kiosk,
                next_at=now,
                created_at=now,
                selftest=known.selftest if known else self._selftest,
            )
        )
        # Not before the commit: the task would find nothing, and sleep again.
        event.listen(session.sync_session, "after_commit", lambda _: self._wake.set(), once=True)

    async def run(self) -> None:
        """Send what is queued, until stopped. Raises nothing."""
        while not self._stopping:
            self._wake.clear()
            try:
                await self.send_due()
                self._told = ""
            except StoreUnavailable as away:
                self._tell(f"notices wait: the store is not available ({away})")
            except Exception as error:  # one letter that cannot be written must not hold up the others
                log.error("a notice could not be sent\n%s", redacted(error))
            try:
                async with asyncio.timeout(FIRST_RETRY.total_seconds() / 3):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _tell(self, what: str) -> None:
        """Into the log, once until it changes: it is tried again every few seconds."""
        if what != self._told:
            log.warning("%s", what)
            self._told = what

    def stop(self) -> None:
        """Ask `run` to end after the mail that is under way; what is still queued waits in the store."""
        self._stopping = True
        self._wake.set()

    async def send_due(self) -> int:
        """Send every notice whose time has come, one after another; returns how many were sent."""
        sent = 0
        async with self._store.work() as session:
            await self._store.audit.chain.require(session)  # or a mail that goes out could not be recorded
            due = (
                select(NoticeRow)
                .where(
                    NoticeRow.state == NoticeState.QUEUED.value,
                    NoticeRow.selftest == self._selftest,
                    NoticeRow.next_at <= self._store.clock.now(),
                )
                .order_by(col(NoticeRow.id))
            )
            rows = (await session.exec(due)).all()
        for row in rows:
            if not self._stopping:
                sent += await self._send(row)
        if rows:
            await self._store.database.forget()  # the addresses of those that were sent or given up
        return sent

    async def hurry(self, session: AsyncSession) -> int:
        """Have all that wait for their next try tried now, but for what is just being sent; how many."""
        now, count, tried = self._store.clock.now(), 0, col(NoticeRow.tries)
        under_way = timedelta(seconds=self._store.settings.mail.timeout) + FIRST_RETRY / 6
        for tries in range(1, DOUBLINGS + 1):
            as_often = tried >= tries if tries == DOUBLINGS else tried == tries
            hurried = await session.exec(
                update(NoticeRow)
                .where(
                    col(NoticeRow.state) == NoticeState.QUEUED.value,
                    col(NoticeRow.selftest) == self._selftest,
                    as_often,
                    col(NoticeRow.next_at) > now,
                    col(NoticeRow.next_at) <= now + _pause(tries - 1) - under_way,
                )
                .values(next_at=now)
                .returning(col(NoticeRow.id))
            )
            count += len(hurried.all())
        event.listen(session.sync_session, "after_commit", lambda _: self._wake.set(), once=True)
        return count

    async def waiting(self) -> int:
        """How many notices are not sent yet."""
        async with self._store.work() as session:
            return len(
                (await session.exec(select(NoticeRow.id).where(NoticeRow.selftest == self._selftest))).all()
            )

    async def _send(self, row: NoticeRow) -> bool:
        if not await self._claim(row):
            return False  # another kiosk has it
        try:
            recipient, name = await self._opened(row)
        except VaultError as error:
            log.warning("a notice cannot be read: %s", error)
            await self._failed(row, str(error))
            return False
        letter = await self._letter(row, name)
        try:
            await self._mailer.send(letter, recipient)
        except MailNotSent as failure:
            await self._failed(row, str(failure))
            return False
        async with self._store.work() as session:
            about = await self._about(session, row)
            self._store.audit.record(session, Event.NOTICE_SENT, about, kind=row.kind)
            await session.exec(delete(NoticeRow).where(col(NoticeRow.id) == row.id))
        return True

    async def _letter(self, row: NoticeRow, name: str) -> EmailMessage:
        """What it says; of the trail's head and of reports, what is true as it is sent."""
        kind = NoticeKind(row.kind)
        if kind is NoticeKind.REPORT:
            return await write_report(self._store, row.created_at)
        head = str(await self._store.head()) if kind is NoticeKind.AUDIT_HEAD else ""
        return notice_letter(
            kind,
            name=name,
            at=self._store.clock.now() if head else row.created_at,
            kiosk=row.kiosk,
            site=self._store.settings.site,
            mail=self._store.settings.mail,
            words=words(row.language),
            head=head,
        )

    async def _opened(self, row: NoticeRow) -> tuple[str, str]:
        """Recipient and name. Raises VaultError."""
        async with self._store.work() as session:
            key = await self._store.persons.key(session)
            owner = (await self._about(session, row)).holder_key
        return (
            key.open(owner, Personal.NOTICE_RECIPIENT, row.recipient),
            key.open(owner, Personal.NOTICE_NAME, row.name),
        )

    async def _claim(self, row: NoticeRow) -> bool:
        """Move the next try away before sending, so that no other kiosk sends the same mail."""
        wait = _pause(row.tries)
        async with self._store.work() as session:
            claimed = await session.exec(
                update(NoticeRow)
                .where(col(NoticeRow.id) == row.id, col(NoticeRow.tries) == row.tries)
                .values(tries=row.tries + 1, next_at=self._store.clock.now() + wait)
                .returning(col(NoticeRow.id))
            )
            return claimed.scalar_one_or_none() is not None

    async def _failed(self, row: NoticeRow, reason: str) -> None:
        if self._store.clock.now() - row.created_at < GIVE_UP_AFTER:
            return
        log.warning("a notice is given up: %s", reason)
        async with self._store.work() as session:
            await session.exec(
                update(NoticeRow)
                .where(col(NoticeRow.id) == row.id)
                .values(state=NoticeState.GIVEN_UP.value, recipient=None, name=None)
            )
            about = await self._about(session, row)
            self._store.audit.record(
                session, Event.NOTICE_GIVEN_UP, about, Outcome.FAILED, reason, kind=row.kind
            )

    async def _about(self, session: AsyncSession, row: NoticeRow) -> Subject:
        holder = None if row.holder is None else await session.get(HolderRow, row.holder)
        return Subject(holder.audit_key if holder else "", selftest=row.selftest)


def _pause(tries: int) -> timedelta:
    """How long after a try, before which there were so many, the next one follows."""
    doubled: timedelta = FIRST_RETRY * 2 ** min(tries, DOUBLINGS)
    return min(doubled, LAST_RETRY)
