"""The maintenance side, put together on the parts of a kiosk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from types import MappingProxyType

from cardio.reader import Reader
from kiosk.mail import MailFacts
from kiosk.office.office import office
from kiosk.provenance import Origins
from kiosk.selftest.report import Report, StepReport
from kiosk.selftest.run import Selftest
from kiosk.settings import Settings
from kiosk.staff.account import Account
from kiosk.staff.door import Door
from kiosk.staff.entry import Leaving
from kiosk.staff.lobby import StaffLobby
from kiosk.staff.rooms.accounts import AccountsRoom
from kiosk.staff.rooms.desk import DeskRoom
from kiosk.staff.rooms.health import HealthRoom
from kiosk.staff.rooms.log import LogRoom
from kiosk.staff.rooms.mail import MailRoom
from kiosk.staff.rooms.reader import ReaderRoom
from kiosk.staff.rooms.reports import ReportsRoom
from kiosk.staff.rooms.selftest import SelftestRoom
from kiosk.staff.rooms.service import ServiceDesk
from kiosk.staff.rooms.session import StaffSession
from kiosk.staff.rooms.settings import SettingsRoom
from kiosk.wiring import Parts, pcsc_reader, selftest_parts, smtp_mailer


def open_lobby(parts: Parts, *, at_kiosk: bool = True) -> StaffLobby:
    """Where staff come in. ``at_kiosk``: in a corridor, and not at the RA's own machine."""
    store = parts.service.store
    door = Door(store, parts.hasher, parts.accounts, parts.reader, parts.families, at_kiosk=at_kiosk)
    return StaffLobby(parts.hold, door, partial(_session, parts, at_kiosk))


@asynccontextmanager
async def open_desk(
    settings: Settings, *, reader: Reader | None = None, origins: Origins = MappingProxyType({})
) -> AsyncIterator[StaffLobby]:
    """The lobby of the RA's own machine, until the block ends; whoever is in it then is signed out.

    It works with the office's role, and no card begins a visit here. Notices wait in the store for a running
    kiosk. ``reader``: the real one where it is None; closed at the end. Raises StoreOutOfDate, KeyProblem,
    StoreUnavailable.
    """
    if reader is None:
        reader = pcsc_reader(settings)
        await reader.start()
    async with office(settings, reader=reader, origins=origins) as parts:
        lobby = open_lobby(parts, at_kiosk=False)
        pulse = asyncio.create_task(parts.pulse.run(), name="pulse")
        try:
            with parts.logbook.listening():
                yield lobby
        finally:
            pulse.cancel()
            await lobby.leave(Leaving.CLOSING)


def _session(parts: Parts, at_kiosk: bool, account: Account) -> StaffSession:
    service = parts.service
    store, settings = service.store, service.settings
    desk, reader = DeskRoom(account, parts), ReaderRoom(account, settings, parts.reader)
    accounts = AccountsRoom(account, parts)
    closed = (lambda: parts.watch.closed) if at_kiosk else None
    session = StaffSession(
        account,
        HealthRoom(account, settings, parts.reader, parts.pulse, closed),
        ServiceDesk(account, store, lambda: parts.hold.restart(), settings.staff.login_socket),
        desk=desk,
        reader=reader,
        mail=MailRoom(account, service, parts.mailer, partial(_probe, settings)),
        selftest=SelftestRoom(account, store, partial(_selftest, parts)),
        log=LogRoom(account, parts.logbook),
        settings=SettingsRoom(account, settings, parts.origins),
        reports=ReportsRoom(account, store),
        accounts=accounts,
    )
    session.at_end(reader.let_go)
    session.at_end(desk.let_go)
    session.at_end(accounts.let_go)
    return session


async def _probe(settings: Settings) -> MailFacts:
    """By a client of its own, which reads the password anew. Raises KeyProblem, MailNotSent."""
    return await smtp_mailer(settings).probe()


async def _selftest(parts: Parts, told: Callable[[StepReport], None]) -> Report:
    """On parts of its own, but with this kiosk's keys, mail server and time."""
    store = parts.service.store
    own = selftest_parts(store.settings, parts.keys, parts.mailer, store.clock)
    return await Selftest(own, told).run()
