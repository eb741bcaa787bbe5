"""What the RA does for a holder who need not be there, nor have a card: set an address, end registrations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.arrivals import EnrolmentError
from kiosk.audit import Event, Subject
from kiosk.enrolled import unknown_holder
from kiosk.letters import NoticeKind
from kiosk.notices import Notices
from kiosk.persons import Personal
from kiosk.registrations import Registrations
from kiosk.steps import Purpose
from kiosk.storage.models import AssistanceRow, CodeState, HolderRow, RegistrationRow, row_id
from kiosk.store import Store


@dataclass(frozen=True)
class Person:
    """A holder as the RA may see them; ``holder`` is their row. Times are UTC.

    ``own_email`` is the address of their registration, empty where they have none. ``shut`` names what is
    kept of them and does not open; it is empty then.
    """

    holder: int
    holder_key: str
    holder_id: str = field(repr=False)
    name: str = field(repr=False)
    ra_email: str = field(repr=False)
    own_email: str = field(repr=False)
    registered_at: datetime | None
    usable_from: datetime | None
    attempts: int  # that have failed
    blocked_at: datetime | None
    assistance_ends: datetime | None  # of a code that waits
    created_at: datetime
    shut: tuple[str, ...] = ()
    selftest: bool = False

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that is known of them, each once."""
        return tuple(dict.fromkeys(filter(None, (self.own_email, self.ra_email))))


class Helping:
    """Reads and changes holders for the RA, each call one unit of work."""

    def __init__(self, store: Store, registrations: Registrations, notices: Notices) -> None:
        self._store = store
        self._registrations = registrations
        self._notices = notices

    async def person(self, holder_id: str) -> Person:
        """One holder. Raises EnrolmentError where there is none of that id."""
        async with self._store.work() as session:
            return await self._person(session, await self._row(session, holder_id))

    async def set_email(self, holder_id: str, address: str, *, by: str, reason: str) -> Person:
        """Have codes go to another address; the holder as they were before.

        The address of a registration gives way, too, and the codes that went there are void. The old
        addresses are told, and the new one. Raises EnrolmentError where there is nothing to change, and
        where what is kept of them does not open.
        """
        async with self._store.work() as session:
            row = await self._row(session, holder_id)
            before = _readable(await self._person(session, row))
            if before.addresses == (address,) and before.ra_email:
                raise EnrolmentError(f"that is the address of holder {holder_id!r} already")
            await self._put(session, row, before, address)
            await self._registrations.drop_pending(session, before.holder, *Purpose)
            about = Subject(before.holder_key, actor=by)
            gave_way = before.own_email not in ("", address)
            self._store.audit.record(session, Event.EMAIL_SET, about, reason=reason, own_email=gave_way)
            for old in before.addresses:
                if old != address:
                    await self._tell(session, NoticeKind.EMAIL_SET_BY_RA, before, old)
            await self._tell(session, NoticeKind.EMAIL_IS_THIS, before, address)
        await self._store.database.forget()
        return before

    async def withdraw(self, holder_id: str, *, by: str, reason: str) -> Person:
        """End a registration as its holder could; the holder as they were before. Attempts and block stay.

        Every address that was known of them is told. Raises EnrolmentError where there is no registration,
        and where what is kept of them does not open.
        """
        async with self._store.work() as session:
            row = await self._row(session, holder_id)
            before = _readable(await self._person(session, row))
            if before.registered_at is None:
                raise EnrolmentError(f"holder {holder_id!r} is not registered")
            for address in before.addresses:
                await self._tell(session, NoticeKind.WITHDRAWN_BY_RA, before, address)
            await self._registrations.end(session, before.holder)
            about = Subject(before.holder_key, actor=by)
            self._store.audit.record(session, Event.WITHDRAWN, about, reason=reason)
        await self._store.database.forget()
        return before

    async def _put(self, session: AsyncSession, row: HolderRow, before: Person, address: str) -> None:
        key, index = await self._store.persons.key(session), self._store.persons.address_index(address)
        row.ra_email = key.seal(row.audit_key, Personal.RA_EMAIL, address)
        row.ra_email_index = index
        session.add(row)
        registration = await session.get(RegistrationRow, before.holder)
        if registration is not None:
            registration.email = key.seal(row.audit_key, Personal.OWN_EMAIL, address)
            registration.email_index = index
            registration.own_email = False  # so nothing holds it back any more
            registration.usable_from = min(registration.usable_from, self._store.clock.now())

    async def _tell(self, session: AsyncSession, kind: NoticeKind, person: Person, address: str) -> None:
        language = self._store.settings.site.language
        await self._notices.queue(session, kind, person, address, language)

    async def _row(self, session: AsyncSession, holder_id: str) -> HolderRow:
        """Locked, so that journeys which change the same holder follow."""
        query = select(HolderRow).where(HolderRow.holder_id == holder_id, ~col(HolderRow.selftest))
        row = (await session.exec(query.with_for_update(key_share=True))).one_or_none()
        if row is None:
            raise unknown_holder(holder_id)
        return row

    async def _person(self, session: AsyncSession, row: HolderRow) -> Person:
        opened = await self._store.persons.opening(session, row.audit_key)
        registration = await session.get(RegistrationRow, row_id(row))
        assistance = await session.get(AssistanceRow, row_id(row))
        waits = (
            assistance is not None
            and assistance.state == CodeState.USABLE.value
            and assistance.expires_at > self._store.clock.now()
        )
        return Person(
            holder=row_id(row),
            holder_key=row.audit_key,
            holder_id=row.holder_id,
            name=opened.open(Personal.NAME, row.name),
            ra_email=opened.open(Personal.RA_EMAIL, row.ra_email),
            own_email=opened.open(Personal.OWN_EMAIL, registration.email if registration else None),
            registered_at=registration.registered_at if registration else None,
            usable_from=registration.usable_from if registration else None,
            attempts=row.attempts,
            blocked_at=row.blocked_at,
            assistance_ends=assistance.expires_at if assistance is not None and waits else None,
            created_at=row.created_at,
            shut=opened.shut,
        )


def _readable(person: Person) -> Person:
    """Raise EnrolmentError where an address could not be told, for it does not open."""
    if person.shut:
        raise EnrolmentError(
            f"parts of what is kept of holder {person.holder_id!r} do not open: 'kiosk doctor'"
        )
    return person
