"""Database, schema, disk, keys, cards. The database is opened beside a running kiosk, and not changed."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from pydantic import SecretBytes

from kiosk.keys import KeyProblem, key_source, load_key
from kiosk.office.believed import Believed, believed, told
from kiosk.office.doctor.finding import Finding, Level, aside
from kiosk.settings import Settings
from kiosk.storage.database import SCHEMA, current_revision, database_path
from kiosk.unblock import FIELD
from kiosk.vault import Sealed, Vault, VaultError

_FAIL_BELOW, _WARN_BELOW = 50, 500  # megabytes free
_INIT = "run 'kiosk init' as the account that runs the kiosk"


async def store(settings: Settings) -> Finding:
    """Whether the database opens and takes a write, which is taken back."""
    path = _database(settings)
    if not path.exists():
        return Finding("store", Level.FAIL, f"{path}: is missing", _INIT)
    try:
        await aside(lambda: _try_to_write(path))
    except sqlite3.Error as error:
        advice = "see who owns file and folder, and that no other program holds it; else restore the backup"
        return Finding("store", Level.FAIL, f"{path}: {error}", advice)
    for place in (path, settings.state_directory):
        if place.stat().st_mode & 0o077:
            return Finding("store", Level.WARN, f"{place}: others can look into it", f"chmod go= {place}")
    return Finding("store", Level.OK, f"{path}: opens and takes writes")


async def schema(settings: Settings) -> Finding:
    """Whether the database has this release's schema."""
    path = _database(settings)
    revision = await aside(lambda: current_revision(path))
    if revision == SCHEMA:
        return Finding("schema", Level.OK, SCHEMA)
    if revision is not None and revision > SCHEMA:
        detail = f"{revision}, newer than this release's {SCHEMA}"
        return Finding("schema", Level.FAIL, detail, "install the newer release again")
    return Finding("schema", Level.FAIL, f"{revision or 'missing'}, not {SCHEMA}", _INIT)


async def disk(settings: Settings) -> Finding:
    """Whether there is room for the database to grow."""
    place = _database(settings).parent
    place = next(folder for folder in (place, *place.parents) if folder.exists())
    free = (await aside(lambda: shutil.disk_usage(place))).free // 1_000_000
    level = Level.FAIL if free < _FAIL_BELOW else Level.WARN if free < _WARN_BELOW else Level.OK
    advice = "" if level is Level.OK else "make room: a full disk takes the kiosk out of service"
    return Finding("disk", level, f"{free:,} MB free at {place}", advice)


async def vault_key(settings: Settings) -> Finding:
    """Whether the key of the unblock secrets is there, safe, and the one they were sealed with."""
    name, configured, credential = "vault key", settings.keys.vault, "vault-key"
    try:
        key = load_key(settings.state_directory, configured, credential)
        fits = await aside(lambda: _opens_a_secret(_database(settings), key))
    except KeyProblem as problem:
        return Finding(name, Level.FAIL, str(problem), "without it no card can be unlocked")
    if not fits:
        detail = "it does not open the unblock secrets in the store"
        return Finding(name, Level.FAIL, detail, "put back the key they were enrolled with, from your backup")
    return _where(settings, name, configured, credential)


async def pepper_key(settings: Settings) -> Finding:
    """Whether the key that answers and codes are hashed with is there and safe."""
    name, configured, credential = "pepper key", settings.keys.pepper, "pepper-key"
    try:
        load_key(settings.state_directory, configured, credential)
    except KeyProblem as problem:
        return Finding(name, Level.FAIL, str(problem), "without it nobody's answers can be checked")
    return _where(settings, name, configured, credential)


async def card_keys(settings: Settings) -> Finding:
    """Whether every card that can be unlocked has a key pinned, which a copy of it cannot have."""
    name, table = "card keys", settings.cards.table
    off = [family for family in settings.cards.families if table(family).card_authentication == "off"]
    if off:
        detail = f'cards.{off[0]}.card_authentication is "off": every card is believed by its serial'
        return Finding(name, Level.WARN, detail, 'set it to "if-possible", or to "required"')
    try:
        found = await aside(lambda: believed(settings))
    except sqlite3.Error:
        return Finding(name, Level.OK, "no cards yet")  # the check of the store tells
    if found == Believed():
        return Finding(name, Level.OK, "pinned for every active card that can be unlocked")
    parts, advice = [], []
    required = all(table(family).card_authentication == "required" for family in settings.cards.families)
    if found.unpinned:
        parts.append(f"{told(found.unpinned)}: {_fate(required=required)}")
        advice.append("enrol them again with 'kiosk card enrol', or import them with their card_key")
        if not required:
            advice.append('then set card_authentication to "required"')
    if found.unprovable:
        parts.append(f"{_cards(found.unprovable)} of a profile can prove nothing: a copy would be believed")
    if found.later:
        parts.append(
            f"{_cards(found.later)} can be proven after the passcode only: a locked one is "
            f"{'not unlocked here' if required else 'sent its unblock secret unproven'}"
        )
    if found.shared:
        parts.append(f"{_cards(found.shared)} with the unblock secret of another card: it is not sent")
        advice.append("give every card a secret of its own ('kiosk card enrol --fresh', where it takes one)")
    level = Level.WARN if found.unpinned or found.shared else Level.OK
    return Finding(name, level, "; ".join(parts), "; ".join(advice))


def _fate(*, required: bool) -> str:
    return "refused here" if required else "a copy of one would be believed"


def _cards(count: int) -> str:
    return f"{count} card{'s' if count > 1 else ''}"


def _where(settings: Settings, name: str, configured: Path, credential: str) -> Finding:
    path = key_source(settings.state_directory, configured, credential)
    database = _database(settings)
    if path != settings.state_directory / configured:
        return Finding(name, Level.OK, "handed over by systemd")
    if database.exists() and path.stat().st_dev == database.stat().st_dev:
        advice = f"hand it over instead: systemd-creds encrypt, and LoadCredentialEncrypted={credential}:..."
        return Finding(name, Level.WARN, f"{path}: a plain file on the disk of the database", advice)
    return Finding(name, Level.OK, str(path))


def _database(settings: Settings) -> Path:
    return database_path(settings.database.url, settings.state_directory)


def _open(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=5, isolation_level=None
    )


def _try_to_write(path: Path) -> None:
    with closing(_open(path, "rw")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE doctor_was_here (x)")
        connection.execute("ROLLBACK")


def _opens_a_secret(path: Path, key: SecretBytes) -> bool:
    """Whether the key opens one sealed secret, or there is none."""
    query = (
        "SELECT card.audit_key, key_id, nonce, ciphertext FROM unblock_secret "
        "JOIN card ON card.id = unblock_secret.card ORDER BY card.id DESC LIMIT 1"
    )
    try:
        with closing(_open(path, "ro")) as connection:
            row = connection.execute(query).fetchone()
    except sqlite3.Error:
        return True  # the check of the store tells
    if row is None:
        return True
    audit_key, key_id, nonce, ciphertext = row
    try:
        Vault(key, key_id).open(audit_key, FIELD, Sealed(key_id, nonce, ciphertext))
    except VaultError:
        return False
    return True
