"""Database, schema, disk, cards' keys. The database is opened beside a running kiosk, and not changed."""

from __future__ import annotations

import shutil

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kiosk.office.believed import Believed, believed, told
from kiosk.office.doctor.finding import Finding, Level, aside, unseen
from kiosk.settings import Settings
from kiosk.storage.backend import Backend, StoreUnavailable, reason
from kiosk.storage.place import password_source, place, sqlite_file
from kiosk.storage.schema import SCHEMA, fits, misfit
from kiosk.storage.sqlite import Sqlite

_FAIL_BELOW, _WARN_BELOW = 50, 500  # megabytes free
_INIT = "run 'kiosk init' as the account that runs the kiosk"
_MEND_FILE = (
    "see who owns file and folder, that the disk is not full or mounted read-only, and that no other program "
    "holds it; else restore the backup"
)
_NO_TABLE = "42P01"  # undefined_table
_NOT_SIGNED_IN = ("authentication failed", "no password supplied", "not permitted to log in")
_MEND_SERVER = "see that the server runs, database.url names it, and its pg_hba.conf lets this kiosk in"


async def store(settings: Settings) -> Finding:
    """Whether the database opens and takes a write, which is taken back."""
    where, path = place(settings), sqlite_file(settings)
    if path is not None and not path.exists():
        return Finding("store", Level.FAIL, f"{path}: is missing", _INIT)
    try:
        await aside(lambda: _try_to_write(where))
    except DBAPIError as error:
        advice = _mend_server(settings, where, reason(error)) if path is None else _MEND_FILE
        return Finding("store", Level.FAIL, f"{where.shown}: {reason(error)}", advice)
    for guarded in (path, settings.state_directory) if path else ():
        if guarded.stat().st_mode & 0o077:
            return Finding("store", Level.WARN, f"{guarded}: others can look into it", f"chmod go= {guarded}")
    return Finding("store", Level.OK, f"{where.shown}: opens and takes writes")


async def schema(settings: Settings) -> Finding:
    """Whether this release works with the database's schema."""
    try:
        revision = await aside(lambda: place(settings).revision())
    except StoreUnavailable:
        return unseen("schema")
    if fits(revision):
        newer = "" if revision == SCHEMA else f"; this release also works with {SCHEMA}"
        return Finding("schema", Level.OK, f"{revision}{newer}")
    detail, advice = misfit(revision).rsplit(": ", 1)
    return Finding("schema", Level.FAIL, detail, advice)


async def disk(settings: Settings) -> Finding:
    """Whether there is room for the database, or the journal, to grow."""
    folder = (sqlite_file(settings) or settings.state_directory / "x").parent
    folder = next(there for there in (folder, *folder.parents) if there.exists())
    free = (await aside(lambda: shutil.disk_usage(folder))).free // 1_000_000
    level = Level.FAIL if free < _FAIL_BELOW else Level.WARN if free < _WARN_BELOW else Level.OK
    advice = "" if level is Level.OK else "make room: a full disk takes the kiosk out of service"
    return Finding("disk", level, f"{free:,} MB free at {folder}", advice)


async def card_keys(settings: Settings) -> Finding:
    """Whether every card that can be unlocked has a key pinned, which a copy of it cannot have."""
    name, table = "card keys", settings.cards.table
    off = [family for family in settings.cards.families if table(family).card_authentication == "off"]
    if off:
        detail = f'cards.{off[0]}.card_authentication is "off": every card is believed by its serial'
        return Finding(name, Level.WARN, detail, 'set it to "if-possible", or to "required"')
    try:
        found = await aside(lambda: believed(settings))
    except DBAPIError as error:
        path = sqlite_file(settings)
        bare = not path.exists() if path else getattr(error.orig, "sqlstate", None) == _NO_TABLE
        return Finding(name, Level.OK, "no cards yet") if bare else unseen(name)
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


def _mend_server(settings: Settings, where: Backend, why: str) -> str:
    """What to do where a server does not let this machine in."""
    if not any(words in why for words in _NOT_SIGNED_IN):
        return _MEND_SERVER
    path = password_source(settings)
    if not path.exists():
        return f"put the password of {where.role} into {path} (database.password_file), mode 0600"
    return (
        f"see that {path} holds the password of {where.role}; a kiosk that was shut out is told nothing more "
        "than this: ask the RA ('kiosk fleet' there tells, 'kiosk fleet add' makes a new password)"
    )


def _fate(*, required: bool) -> str:
    return "refused here" if required else "a copy of one would be believed"


def _cards(count: int) -> str:
    return f"{count} card{'s' if count > 1 else ''}"


def _try_to_write(where: Backend) -> None:
    """Take the right to write, and give it back. Raises DBAPIError."""
    engine = where.plain(write=True)
    try:
        with engine.connect() as connection:
            if isinstance(where, Sqlite):
                connection.execute(text("CREATE TABLE doctor_was_here (x INTEGER)"))
            else:
                connection.execute(
                    text("SELECT pg_current_xact_id()")
                )  # refused where nothing can be written
            connection.rollback()
    finally:
        engine.dispose()
