"""The composition root: Settings in, everything out. Real or virtual is chosen here and nowhere else.

Every part can be replaced by an argument; a test passes a virtual reader, the demo its own mail
server's settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretBytes, SecretStr

from cardio.card import Family
from cardio.reader import Reader
from cardio.virtual.reader import VirtualReader
from kiosk.assistance import Assistance
from kiosk.attempts import Attempts
from kiosk.audit import Audit
from kiosk.cardwork import CardWork
from kiosk.clock import Clock
from kiosk.codes import Codes
from kiosk.enrolment import Enrolment
from kiosk.families import families
from kiosk.holders import Holders
from kiosk.journal import Journal
from kiosk.keys import key_id, load_key, load_password
from kiosk.mail import Mailer, RecordingMailer, SmtpMailer
from kiosk.notices import Notices
from kiosk.pendings import Pendings
from kiosk.proofs import emails
from kiosk.proofs.hashing import Hasher
from kiosk.registrations import Registrations
from kiosk.service import Service
from kiosk.settings import Settings
from kiosk.storage.database import Database
from kiosk.store import Store
from kiosk.unblock import UnblockSecrets
from kiosk.vault import Vault

if TYPE_CHECKING:
    from cardio.pcsc import PcscReader


@dataclass(frozen=True)
class KeyRing:
    """The two keys of a kiosk."""

    vault: SecretBytes
    pepper: SecretBytes


@dataclass(frozen=True)
class Parts:
    """What the commands work with. `close` when done."""

    service: Service
    enrolment: Enrolment
    reader: Reader
    families: tuple[Family, ...]
    database: Database
    mailer: Mailer
    hasher: Hasher

    async def close(self) -> None:
        """Let go of reader, threads and database, in that order."""
        await self.reader.aclose()
        self.hasher.close()
        await self.database.close()


def key_ring(settings: Settings) -> KeyRing:
    """The keys from credentials or files. Raises KeyProblem."""
    directory = settings.state_directory
    return KeyRing(
        vault=load_key(directory, settings.keys.vault, "vault-key"),
        pepper=load_key(directory, settings.keys.pepper, "pepper-key"),
    )


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
) -> Parts:
    """Everything a kiosk consists of.

    With ``selftest`` it sees self-test holders and their notices only, without it everybody else.
    """
    clock = clock or Clock()
    database = Database(settings.database.url, settings.state_directory)
    store = Store(database, clock, Audit(clock, settings.site.kiosk_name), settings)
    hasher = hasher or Hasher(keys.pepper, settings.hashing.cost)
    chosen = families(settings)
    pendings = Pendings(store)
    notices = Notices(store, mailer, selftest=selftest)
    holders = Holders(store, selftest=selftest)
    journal = Journal(store, pendings, notices)
    secrets = UnblockSecrets(store, Vault(keys.vault, key_id(keys.vault)))

    def address(typed: str) -> str:
        return emails.parse(typed, settings.email.domains)

    service = Service(
        store=store,
        holders=holders,
        cards=CardWork(store, reader, chosen, holders, secrets, journal),
        pendings=pendings,
        attempts=Attempts(store, hasher, pendings, notices),
        codes=Codes(store, hasher, pendings, mailer),
        registrations=Registrations(store, hasher, notices),
        assistance=Assistance(store, hasher, pendings, notices),
        notices=notices,
        journal=journal,
        address=address,
    )
    return Parts(service, Enrolment(store, secrets), reader, chosen, database, mailer, hasher)


@dataclass(frozen=True)
class SelftestParts:
    """A kiosk that only the self-test's own card can use; its mailer keeps what was accepted."""

    parts: Parts
    reader: VirtualReader
    mailer: RecordingMailer


def selftest_parts(settings: Settings, keys: KeyRing, mailer: Mailer) -> SelftestParts:
    """What `kiosk selftest` runs on: the real store and mail server, a virtual reader."""
    reader, recording = VirtualReader(), RecordingMailer(mailer)
    parts = put_together(settings, reader=reader, keys=keys, mailer=recording, selftest=True)
    return SelftestParts(parts, reader, recording)
