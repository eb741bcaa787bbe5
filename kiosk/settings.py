"""kiosk.toml as frozen models. Every default is here; the file says why."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from kiosk.card_settings import Cards
from kiosk.privacy import PRIVACY_CY, PRIVACY_EN
from kiosk.section import COLOUR, PATTERNS, URL, OptionalPath, Section, fault

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Port = Annotated[int, Field(ge=1, le=65_535)]


_REASONS = {"extra_forbidden": "unknown key", "model_type": "unknown key, or else a table of its own"}


class SettingsError(Exception):
    """The configuration cannot be used. The message names file, line, key and reason."""


class Site(Section):
    """What this place is called, and who helps."""

    service_name: str = Field("Smartcard self-service", min_length=1, max_length=40)
    kiosk_name: str = Field("Kiosk 1", min_length=1, max_length=24)
    blue: str = Field("#004cb8", pattern=COLOUR)
    ra_contact: str = Field("RA desk", min_length=1, max_length=40)
    ra_phone: str = Field("", max_length=24)
    ra_where: str = Field("", max_length=60)
    ra_hours: str = Field("", max_length=60)
    touch: bool = False
    language: Literal["en", "cy"] = "en"
    high_contrast: bool = False
    colours: Literal["auto", "16"] = "auto"


class Privacy(Section):
    """The notice before a registration."""

    version: str = Field("1", min_length=1, max_length=40)
    text: str = PRIVACY_EN
    text_cy: str = PRIVACY_CY


class PatienceTable(Section):
    """How long a step waits, in seconds."""

    choice: Seconds = 60
    entry: Seconds = 90
    answers: Seconds = 180
    code: Seconds = 180
    help: Seconds = 60
    end: Seconds = 20
    warning: Seconds = 30
    extensions: int = Field(2, ge=2, le=20)
    card_left_in: Seconds = 300


class Database(Section):
    """Where the store is."""

    url: str = Field("sqlite:///kiosk.db", pattern=URL)
    password_file: OptionalPath = None
    ca_file: OptionalPath = None


class FleetRules(Section):
    """What the database holds each kiosk of a fleet to."""

    secrets_per_hour: int = Field(60, ge=1, le=10_000)


class State(Section):
    """Where files are kept."""

    directory: Path = Path("/var/lib/unlock-kiosk")


class Keys(Section):
    """The key files, relative to the state directory; or the token that has the keys."""

    vault: Path = Path("vault.key")
    pepper: Path = Path("pepper.key")
    token: OptionalPath = None
    token_label: str = Field("unlock-kiosk", min_length=1, max_length=32)
    token_pin_file: Path = Path("token-pin")
    token_vault_label: str = Field("unlock-kiosk vault", min_length=1)
    token_pepper_label: str = Field("unlock-kiosk pepper", min_length=1)


class ReaderTable(Section):
    """Which reader."""

    name: str = ""


ProofName = Literal["questions", "email-code"]


class Unlock(Section):
    """What an unlock asks for."""

    proofs: tuple[ProofName, ...] = ("questions", "email-code")
    attempts: int = Field(3, ge=1, le=10)
    proofs_valid_minutes: int = Field(30, ge=1, le=120)
    refuse_expired_certificates: bool = True
    min_unblock_tries: int = Field(2, ge=2, le=15)

    @model_validator(mode="after")
    def _known_order(self) -> Self:
        if self.proofs not in {("questions", "email-code"), ("email-code", "questions"), ("email-code",)}:
            raise ValueError(
                'proofs must be ["questions", "email-code"], ["email-code", "questions"] or ["email-code"]'
            )
        return self


class Register(Section):
    """What a registration allows."""

    overwrite_email: bool = True
    hold_hours: int = Field(0, ge=0, le=720)


class Answers(Section):
    """Security answers."""

    min_length: int = Field(2, ge=1, le=40)
    count: int = Field(4, ge=2, le=4)


class Codes(Section):
    """Emailed and assistance codes."""

    minutes: int = Field(15, ge=1, le=60)
    tries: int = Field(5, ge=1, le=10)
    resend_after: Seconds = 60
    per_visit: int = Field(3, ge=1, le=10)
    per_hour: int = Field(5, ge=1, le=60)
    assistance_minutes: int = Field(60, ge=1, le=1440)


class Passcode(Section):
    """The site's bounds for a new passcode."""

    min_length: int = Field(6, ge=4, le=16)
    max_length: int = Field(8, ge=4, le=16)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min_length > self.max_length:
            raise ValueError("min_length is greater than max_length")
        return self


class Email(Section):
    """Approved domains."""

    domains: tuple[str, ...] = Field(("nhs.net", "gov.uk", "mod.uk"), min_length=1)


class Mail(Section):
    """The mail server."""

    host: str = "localhost"
    port: Port = 587
    tls: Literal["starttls", "tls", "off"] = "starttls"
    ca_file: OptionalPath = None
    username: str = ""
    password_file: OptionalPath = None
    sender: str = "kiosk@localhost"
    sender_name: str = ""
    timeout: Seconds = 10
    ra_address: str = ""

    @model_validator(mode="after")
    def _never_in_clear(self) -> Self:
        if self.tls == "off" and self.host not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError('tls = "off" is only allowed for a mail server on this machine')
        return self


class Hashing(Section):
    """bcrypt."""

    cost: int = Field(12, ge=10, le=15)


class Audit(Section):
    """How the end of the audit trail is told to places that the database's administrator cannot reach."""

    head_every: int = Field(1000, ge=1, le=1_000_000)
    head_mail: str = ""


class Retention(Section):
    """How long what is over is kept, in days; 0: for ever."""

    audit_days: int = Field(2555, ge=0, le=36_500)
    writes_days: int = Field(365, ge=0, le=36_500)
    notices_days: int = Field(30, ge=0, le=36_500)
    unused_days: int = Field(0, ge=0, le=36_500)


class Selftest(Section):
    """`kiosk selftest`."""

    address: str = ""


class Staff(Section):
    """The maintenance side."""

    key: Literal["f4", "f5", "f10", "f11", "f12"] = "f12"
    officer_password_at_kiosk: bool = False
    idle: Seconds = 120
    login_socket: OptionalPath = None


class Health(Section):
    """How the kiosk's health is told to programs."""

    textfile: OptionalPath = None

    @model_validator(mode="after")
    def _collected(self) -> Self:
        if self.textfile is not None and self.textfile.suffix != ".prom":
            raise fault("Health", "textfile", "must end in .prom, or node-exporter passes over it")
        return self


class Settings(Section):
    """All of kiosk.toml."""

    site: Site = Site()
    privacy: Privacy = Privacy()
    patience: PatienceTable = PatienceTable()
    database: Database = Database()
    fleet: FleetRules = FleetRules()
    state: State = State()
    keys: Keys = Keys()
    reader: ReaderTable = ReaderTable()
    cards: Cards = Cards()
    unlock: Unlock = Unlock()
    registration: Register = Field(Register(), alias="register")  # "register" is a method of every class here
    answers: Answers = Answers()
    codes: Codes = Codes()
    passcode: Passcode = Passcode()
    email: Email = Email()
    mail: Mail = Mail()
    hashing: Hashing = Hashing()
    audit: Audit = Audit()
    retention: Retention = Retention()
    selftest: Selftest = Selftest()
    staff: Staff = Staff()
    health: Health = Health()

    def changed(self, **sections: dict[str, Any]) -> Settings:
        """These settings with some keys replaced, checked again: ``changed(codes={"tries": 3})``."""
        tables = self.model_dump(by_alias=True)
        for name, keys in sections.items():
            tables[name] = {**tables[name], **keys}
        return Settings.model_validate(tables)

    @property
    def state_directory(self) -> Path:
        """Where database and keys are; systemd's $STATE_DIRECTORY wins over the file."""
        given = os.environ.get("STATE_DIRECTORY", "")
        return Path(given.split(":")[0]) if given else self.state.directory


def default_file() -> Path:
    """The kiosk.toml shipped with the package, which holds every default as a comment."""
    packaged = Path(__file__).parent / "kiosk.toml"
    return packaged if packaged.exists() else Path(__file__).parent.parent / "kiosk.toml"


def load(path: Path, *, unasked: bool = False) -> Settings:
    """Read a configuration file. Raises SettingsError with file, line, key and reason.

    ``unasked``: nobody named the file, it was found. Then only what root or this account alone can
    write is taken: whoever writes a kiosk's configuration says where its keys and mails go.
    """
    try:
        with path.open(encoding="utf-8") as file:
            if unasked and (fault := _not_ours(os.fstat(file.fileno()))):
                raise SettingsError(f"{path}: {fault}; name it with --config if it is meant all the same")
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from None
    try:
        return Settings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from None
    except ValidationError as error:
        complaints = [_complaint(path, text, dict(one)) for one in error.errors(include_input=False)]
        raise SettingsError("\n".join(complaints)) from None


def _not_ours(file: os.stat_result) -> str:
    """Why a file that was found must not be believed; empty where it may be."""
    if file.st_uid not in {0, os.geteuid()}:
        return "was found here, and belongs to another account"
    if file.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"was found here, and others can write it (mode {file.st_mode & 0o777:04o})"
    return ""


def _complaint(path: Path, text: str, error: dict[str, Any]) -> str:
    keys = [str(part) for part in error["loc"] if not isinstance(part, int) and part != "[key]"]
    pattern = error.get("ctx", {}).get("pattern", "")  # which is for programs
    reason = PATTERNS.get(pattern) or _REASONS.get(error["type"], error["msg"])
    return f"{path}:{line_of(text, keys)}: {'.'.join(keys)}: {reason.removeprefix('Value error, ')}"


def line_of(text: str, keys: list[str]) -> int:
    """The line (from 1) of a key; of its table where the key itself is not found."""
    table: list[str] = []
    found = 1
    for number, line in enumerate(text.splitlines(), 1):
        if heading := re.match(r"\s*\[+([^\]]+)\]", line):
            table = [part.strip().strip("\"'") for part in heading[1].split(".")]
            if table == keys[: len(table)]:
                found = number
        elif key := re.match(r"\s*([\w.\"'-]+)\s*=", line):
            full = table + [part.strip("\"'") for part in key[1].split(".")]
            if full == keys[: len(full)]:
                return number
    return found
