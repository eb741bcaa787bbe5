"""The composition root: Settings in, everything out. Real or virtual is chosen here and nowhere else.

Every part can be replaced by an argument; a test passes a virtual reader, the demo its own mail
server's settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from pydantic import SecretStr

from cardio.card import Family
from cardio.reader import Reader
from cardio.virtual.reader import VirtualReader
from kiosk.assistance import Assistance
from kiosk.attempts import Attempts
from kiosk.audit import Audit
from kiosk.card_settings import Cards
from kiosk.cardwork import CardWork
from kiosk.chain import LABEL as CHAIN_KEY
from kiosk.chain import Chain
from kiosk.checkpoints import LABEL as CHECKPOINT_KEY
from kiosk.checkpoints import Notary
from kiosk.clock import Clock
from kiosk.codes import Codes
from kiosk.diversify import Derivation
from kiosk.enrolment import Enrolment
from kiosk.families import families
from kiosk.fleet import Fleet
from kiosk.genuine import Genuineness
from kiosk.helping import Helping
from kiosk.hold import Hold
from kiosk.holders import Holders
from kiosk.journal import Journal
from kiosk.keyring import KeyRing, diversified
from kiosk.keys import KeyProblem, load_password
from kiosk.logbook import Logbook
from kiosk.mail import Mailer, RecordingMailer, SmtpMailer
from kiosk.notices import Notices
from kiosk.pendings import Pendings
from kiosk.persons import Persons
from kiosk.proofs import emails
from kiosk.proofs.hashing import Hasher
from kiosk.provenance import Origins
from kiosk.pulse import Pulse
from kiosk.registrations import Registrations
from kiosk.reports.mailing import ReportMail
from kiosk.retention import Retention
from kiosk.rotation import Rotation
from kiosk.safe import GuardedSafe, OpenSafe, Safe
from kiosk.service import Service
from kiosk.settings import Settings
from kiosk.staff.accounts import Accounts
from kiosk.storage.database import PATIENCE, Database
from kiosk.storage.place import place, sqlite_file
from kiosk.store import Store
from kiosk.trail import Trail
from kiosk.trials import Trials
from kiosk.trusts import trusts
from kiosk.unblock import UnblockSecrets
from kiosk.vault import Vault
from kiosk.watch import Watch

if TYPE_CHECKING:
    from cardio.pcsc import PcscReader


@dataclass(frozen=True)
class Parts:
    """What the commands work with. `close` when done."""

    service: Service
    fleet: Fleet
    watch: Watch
    enrolment: Enrolment
    helping: Helping
    rotation: Rotation
    trials: Trials
    trail: Trail
    accounts: Accounts
    hold: Hold
    pulse: Pulse
    logbook: Logbook
    origins: Origins
    keys: KeyRing
    reader: Reader
    families: tuple[Family, ...]
    database: Database
    mailer: Mailer
    hasher: Hasher
    vault: Vault

    async def close(self) -> None:
        """Let go of reader, threads and database, in that order."""
        await self.reader.aclose()
        self.hasher.close()
        await self.database.close()


def mail_password(settings: Settings) -> SecretStr | None:
    """The mail server's password; None where no user name is set. Raises KeyProblem."""
    if not settings.mail.username:
        return None
    configured = settings.mail.password_file or Path("smtp-password")
    return load_password(settings.state_directory, configured, "smtp-password")


def smtp_mailer(settings: Settings) -> SmtpMailer:
    """The mail client of the configuration. Raises KeyProblem."""
    return SmtpMailer(settings.mail, mail_password(settings))


def pcsc_reader(settings: Settings) -> PcscReader:
    """The real reader. Loads pyscard."""
    from cardio.pcsc import PcscReader

    return PcscReader(settings.reader.name)


def put_together(
    settings: Settings,
    *,
    reader: Reader,
    keys: KeyRing,
    mailer: Mailer,
    clock: Clock | None = None,
    hasher: Hasher | None = None,
    selftest: bool = False,
    patience: float | None = PATIENCE,
    guarded: bool = False,
    origins: Origins = MappingProxyType({}),
) -> Parts:
    """Everything a kiosk consists of.

    With ``selftest`` it sees self-test holders and their notices only, without it everybody else.
    ``patience``: seconds for a unit of work on a database server, None without a limit. ``guarded``: the
    role is a kiosk's of a fleet, which is given unblock secrets one at a time. ``origins``: where the
    settings were written.
    """
    clock = clock or Clock()
    database = Database(place(settings), clock, patience)
    vault = Vault(keys.vault, keys.derived("secret fingerprint"))
    persons = Persons(vault, keys.derived("blind index"))
    store = Store(database, clock, _audit(settings, clock, keys), settings, persons)
    hasher = hasher or Hasher(keys.pepper, settings.hashing.cost)
    chosen = families(settings)
    safe = GuardedSafe(store) if guarded else OpenSafe(store)
    secrets = _unblock_secrets(store, safe, vault, chosen, keys)
    service, rotation = _service(store, reader, mailer, hasher, chosen, secrets, selftest=selftest)
    fleet, accounts, hold, pulse = Fleet(store), Accounts(store, hasher), Hold(), Pulse()
    return Parts(
        service=service,
        fleet=fleet,
        watch=Watch(store, service.pendings, fleet),
        enrolment=Enrolment(store, secrets),
        helping=Helping(store, service.registrations, service.notices),
        rotation=rotation,
        trials=Trials(store, secrets),
        trail=Trail(store, Notary(keys.derived(CHECKPOINT_KEY))),
        accounts=accounts,
        hold=hold,
        pulse=pulse,
        logbook=Logbook(),
        origins=origins,
        keys=keys,
        reader=reader,
        families=chosen,
        database=database,
        mailer=mailer,
        hasher=hasher,
        vault=vault,
    )


def _service(
    store: Store,
    reader: Reader,
    mailer: Mailer,
    hasher: Hasher,
    chosen: Sequence[Family],
    secrets: UnblockSecrets,
    *,
    selftest: bool,
) -> tuple[Service, Rotation]:
    settings = store.settings
    pendings = Pendings(store)
    notices = Notices(store, mailer, selftest=selftest)
    holders = Holders(store, secrets, selftest=selftest)
    journal = Journal(store, pendings, notices)
    registrations = Registrations(store, hasher, notices)
    rotation = Rotation(store, secrets, chosen, journal)
    genuine = Genuineness(store, chosen, secrets, trusts(settings, store.clock.now()))
    service = Service(
        store=store,
        holders=holders,
        cards=CardWork(store, reader, chosen, holders, genuine, rotation, journal),
        pendings=pendings,
        attempts=Attempts(store, hasher, pendings, notices),
        codes=Codes(store, hasher, pendings, mailer),
        registrations=registrations,
        assistance=Assistance(store, hasher, pendings, notices),
        notices=notices,
        journal=journal,
        retention=Retention(store, holders, registrations, notices),
        report_mail=ReportMail(store, notices),
        address=lambda typed: emails.parse(typed, settings.email.domains),
    )
    return service, rotation


def _audit(settings: Settings, clock: Clock, keys: KeyRing) -> Audit:
    chain = Chain(keys.derived(CHAIN_KEY))
    return Audit(clock, settings.site.kiosk_name, chain, head_every=settings.audit.head_every)


def _unblock_secrets(
    store: Store, safe: Safe, vault: Vault, known: Sequence[Family], keys: KeyRing
) -> UnblockSecrets:
    """Raises KeyProblem where a master key is missing."""
    formats = {family.name: family.secret for family in known}
    derivations = {}
    for name in diversified(store.settings):
        if name not in keys.masters:
            raise KeyProblem(f"there is no master key for the cards of family {name!r}")
        rules = store.settings.cards.table(name).diversify
        derivations[name] = Derivation(rules, keys.masters[name], formats[name])
    return UnblockSecrets(store, safe, vault, formats, derivations)


@dataclass(frozen=True)
class SelftestParts:
    """A kiosk that only the self-test's own card can use; its mailer keeps what was accepted."""

    parts: Parts
    reader: VirtualReader
    mailer: RecordingMailer


def selftest_parts(
    settings: Settings, keys: KeyRing, mailer: Mailer, clock: Clock | None = None
) -> SelftestParts:
    """What `kiosk selftest` runs on: the real store and mail server, a virtual reader.

    Its card is a PIV card whatever cards the site has, and no CA of the site vouches for it. ``clock``: of
    the running kiosk, where it runs within one.
    """
    reader, recording = VirtualReader(), RecordingMailer(mailer)
    settings = settings.model_copy(update={"cards": Cards()})
    fleet = sqlite_file(settings) is None
    parts = put_together(
        settings, reader=reader, keys=keys, mailer=recording, clock=clock, selftest=True, guarded=fleet
    )
    return SelftestParts(parts, reader, recording)
