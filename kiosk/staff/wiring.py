"""The maintenance side, put together on the parts of a kiosk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kiosk.mail import MailFacts
from kiosk.selftest.run import Selftest
from kiosk.selftest.visitor import Report, StepReport
from kiosk.settings import Settings
from kiosk.staff.account import Account
from kiosk.staff.door import Door
from kiosk.staff.lobby import StaffLobby
from kiosk.staff.rooms.health import HealthRoom
from kiosk.staff.rooms.log import LogRoom
from kiosk.staff.rooms.mail import MailRoom
from kiosk.staff.rooms.reader import ReaderRoom
from kiosk.staff.rooms.reports import ReportsRoom
from kiosk.staff.rooms.selftest import SelftestRoom
from kiosk.staff.rooms.service import ServiceDesk
from kiosk.staff.rooms.session import StaffSession
from kiosk.staff.rooms.settings import SettingsRoom
from kiosk.wiring import Parts, selftest_parts, smtp_mailer


def open_lobby(parts: Parts, *, at_kiosk: bool = True) -> StaffLobby:
    """Where staff come in. ``at_kiosk``: in a corridor, and not at the RA's own machine."""
    store = parts.service.store
    door = Door(store, parts.hasher, parts.accounts, parts.reader, parts.families, at_kiosk=at_kiosk)
    return StaffLobby(parts.hold, door, partial(_session, parts))


def _session(parts: Parts, account: Account) -> StaffSession:
    service = parts.service
    store, settings = service.store, service.settings
    reader = ReaderRoom(account, settings, parts.reader)
    session = StaffSession(
        account,
        HealthRoom(account, settings, parts.reader, parts.pulse),
        ServiceDesk(account, store, lambda: parts.hold.restart(), settings.staff.login_socket),
        reader=reader,
        mail=MailRoom(account, service, parts.mailer, partial(_probe, settings)),
        selftest=SelftestRoom(account, store, partial(_selftest, parts)),
        log=LogRoom(account, parts.logbook),
        settings=SettingsRoom(account, settings, parts.origins),
        reports=ReportsRoom(account, store),
    )
    session.at_end(reader.let_go)
    return session


async def _probe(settings: Settings) -> MailFacts:
    """By a client of its own, which reads the password anew. Raises KeyProblem, MailNotSent."""
    return await smtp_mailer(settings).probe()


async def _selftest(parts: Parts, told: Callable[[StepReport], None]) -> Report:
    """On parts of its own, but with this kiosk's keys, mail server and time."""
    store = parts.service.store
    own = selftest_parts(store.settings, parts.keys, parts.mailer, store.clock)
    return await Selftest(own, told).run()
