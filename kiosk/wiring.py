"""The composition root: Settings in, everything out. Real or virtual is chosen here and nowhere else.

Every part can be replaced by an argument; a test passes a virtual reader, the demo its own mail
server's settings.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretBytes, SecretStr

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
from kiosk.diversify import MASTER_LENGTHS, Derivation
from kiosk.enrolment import Enrolment
from kiosk.families import families
from kiosk.fleet import Fleet
from kiosk.genuine import Genuineness
from kiosk.holders import Holders
from kiosk.journal import Journal
from kiosk.keys import KeyProblem, key_id, load_key, load_master_key, load_password
from kiosk.mail import Mailer, RecordingMailer, SmtpMailer
from kiosk.notices import Notices
from kiosk.pendings import Pendings
from kiosk.proofs import emails
from kiosk.proofs.hashing import Hasher
from kiosk.registrations import Registrations
from kiosk.retention import Retention
from kiosk.rotation import Rotation
from kiosk.service import Service
from kiosk.settings import Settings
from kiosk.storage.database import PATIENCE, Database
from kiosk.storage.place import place
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
class KeyRing:
    """The two keys of a kiosk, and the master keys of the families whose unblock secrets are derived."""

    vault: SecretBytes
    pepper: SecretBytes
    masters: Mapping[str, SecretBytes] = field(default_factory=dict)

    def derived(self, label: str) -> SecretBytes:
        """A key of its own for each use (label): HMAC-SHA-256 of the label with the pepper."""
        pepper = self.pepper.get_secret_value()
        return SecretBytes(hmac.digest(pepper, b"unlock-kiosk " + label.encode(), "sha256"))


@dataclass(frozen=True)
class Parts:
    """What the commands work with. `close` when done."""

    service: Service
    fleet: Fleet
    watch: Watch
    enrolment: Enrolment
    rotation: Rotation
    trials: Trials
    trail: Trail
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
        masters={name: master_key(settings, name) for name in diversified(settings)},
    )


def diversified(settings: Settings) -> tuple[str, ...]:
    """The families whose unblock secrets are derived from a master key."""
    cards = settings.cards
    derived = "diversified"
    return tuple(name for name in cards.families if cards.table(name).unblock_secret == derived)


def master_key(settings: Settings, family: str) -> SecretBytes:
    """A family's master key from credential or file. Raises KeyProblem."""
    rules = settings.cards.table(family).diversify
    return load_master_key(
        settings.state_directory,
        rules.key or Path(f"{family}-master.key"),
        f"{family}-master-key",
        MASTER_LENGTHS[rules.kdf],
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
    patience: float | None = PATIENCE,
) -> Parts:
    """Everything a kiosk consists of.

    With ``selftest`` it sees self-test holders and their notices only, without it everybody else.
    ``patience``: seconds for a unit of work on a database server, None without a limit.
    """
    clock = clock or Clock()
    database = Database(place(settings), clock, patience)
    chain = Chain(keys.derived(CHAIN_KEY))
    audit = Audit(clock, settings.site.kiosk_name, chain, head_every=settings.audit.head_every)
    store = Store(database, clock, audit, settings)
    hasher = hasher or Hasher(keys.pepper, settings.hashing.cost)
    chosen = families(settings)
    pendings = Pendings(store)
    notices = Notices(store, mailer, selftest=selftest)
    secrets = _unblock_secrets(store, chosen, keys)
    holders = Holders(store, secrets, selftest=selftest)
    journal = Journal(store, pendings, notices)
    registrations = Registrations(store, hasher, notices)
    rotation = Rotation(store, secrets, chosen, journal)
    genuine = Genuineness(store, chosen, secrets, trusts(settings, clock.now()))

    def address(typed: str) -> str:
        return emails.parse(typed, settings.email.domains)

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
        address=address,
    )
    fleet = Fleet(store)
    watch = Watch(store, pendings, fleet)
    enrolment, trials = Enrolment(store, secrets), Trials(store, secrets)
    trail = Trail(store, Notary(keys.derived(CHECKPOINT_KEY)))
    return Parts(
        service, fleet, watch, enrolment, rotation, trials, trail, reader, chosen, database, mailer, hasher
    )


def _unblock_secrets(store: Store, known: Sequence[Family], keys: KeyRing) -> UnblockSecrets:
    """Raises KeyProblem where a master key is missing."""
    formats = {family.name: family.secret for family in known}
    derivations = {}
    for name in diversified(store.settings):
        if name not in keys.masters:
            raise KeyProblem(f"there is no master key for the cards of family {name!r}")
        rules = store.settings.cards.table(name).diversify
        derivations[name] = Derivation(rules, keys.masters[name], formats[name])
    return UnblockSecrets(store, Vault(keys.vault, key_id(keys.vault)), formats, derivations)


@dataclass(frozen=True)
class SelftestParts:
    """A kiosk that only the self-test's own card can use; its mailer keeps what was accepted."""

    parts: Parts
    reader: VirtualReader
    mailer: RecordingMailer


def selftest_parts(settings: Settings, keys: KeyRing, mailer: Mailer) -> SelftestParts:
    """What `kiosk selftest` runs on: the real store and mail server, a virtual reader.

    Its card is a PIV card whatever cards the site has, and no CA of the site vouches for it.
    """
    reader, recording = VirtualReader(), RecordingMailer(mailer)
    settings = settings.model_copy(update={"cards": Cards()})
    parts = put_together(settings, reader=reader, keys=keys, mailer=recording, selftest=True)
    return SelftestParts(parts, reader, recording)
