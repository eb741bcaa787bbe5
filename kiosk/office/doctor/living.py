"""The service, memory, waiting notices, the last unlock: what changes while the kiosk works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError

from kiosk.audit import Event
from kiosk.office.doctor.finding import Finding, Hands, Level, aside, unseen
from kiosk.settings import Settings
from kiosk.storage.place import place

_MEMINFO = Path("/proc/meminfo")
_SHORT = 100  # megabytes left
_OLD = timedelta(hours=1)  # of a notice: so long no mail server took it
_UNLOCKED = text("SELECT max(at) FROM audit_event WHERE event = :event AND NOT selftest").bindparams(
    event=Event.UNLOCKED.value
)
_STOPPED = text('SELECT reason, "by", at FROM service_stop WHERE kiosk = :kiosk')
_WAITING = text("SELECT state, count(*), min(created_at) FROM notice WHERE NOT selftest GROUP BY state")


async def service(settings: Settings) -> Finding:
    """Whether a technician has taken this kiosk out of service."""
    mine = _STOPPED.bindparams(kiosk=settings.site.kiosk_name)
    rows = await aside(lambda: _rows(settings, mine))
    if rows is None:
        return unseen("service")
    if not rows:
        return Finding("service", Level.OK, "nobody has taken it out of service")
    reason, by, at = rows[0]
    detail = f"out of service since {_moment(at):%Y-%m-%d %H:%M UTC}, by {by}: {reason}"
    return Finding("service", Level.WARN, detail, "S, then F5 puts it back into service", Hands.TECHNICIAN)


async def memory(settings: Settings) -> Finding | None:
    """Whether the machine has memory left; None where it does not tell (no Linux)."""
    try:
        text_ = await aside(_MEMINFO.read_text)
        lines = dict(line.split(":", 1) for line in text_.splitlines())
        left, total = (int(lines[name].split()[0]) // 1000 for name in ("MemAvailable", "MemTotal"))
    except (OSError, KeyError, ValueError):
        return None
    detail = f"{left:,} of {total:,} MB left"
    if left < _SHORT:
        return Finding("memory", Level.WARN, detail, "see what else runs here (top); restart the machine")
    return Finding("memory", Level.OK, detail)


async def notices(settings: Settings) -> Finding | None:
    """Mails that nobody waits for and that no server took yet; None without a store."""
    rows = await aside(lambda: _rows(settings, _WAITING))
    if rows is None:
        return None
    counts = {str(state): int(count) for state, count, _ in rows}
    queued, given_up = counts.get("queued", 0), counts.get("given-up", 0)
    oldest = min((_moment(since) for state, _, since in rows if state == "queued"), default=None)
    detail = f"{queued} waiting" + (f", {given_up} given up" if given_up else "")
    if given_up or (oldest is not None and oldest < datetime.now(UTC) - _OLD):
        advice = "see the mail server; they are tried again by themselves"
        return Finding("notices", Level.WARN, detail, advice, Hands.ANYBODY)
    return Finding("notices", Level.OK, detail)


async def last_unlock(settings: Settings) -> Finding | None:
    """When a card was unlocked last, at whichever kiosk; None without a store."""
    rows = await aside(lambda: _rows(settings, _UNLOCKED))
    if rows is None:
        return None
    at = rows[0][0]
    return Finding("last unlock", Level.OK, f"{_moment(at):%Y-%m-%d %H:%M UTC}" if at else "none yet")


async def figures(settings: Settings) -> tuple[int, datetime | None] | None:
    """How many notices wait, and when a card was unlocked last (UTC); None without a store."""
    waiting, unlocked = await aside(lambda: (_rows(settings, _WAITING), _rows(settings, _UNLOCKED)))
    if waiting is None or unlocked is None:
        return None
    at = unlocked[0][0]
    queued = sum(int(count) for state, count, _ in waiting if state == "queued")
    return queued, _moment(at) if at else None


def _rows(settings: Settings, query: TextClause) -> list[tuple[Any, ...]] | None:
    engine = place(settings).plain()
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(query)]
    except DBAPIError:
        return None  # the check of the store tells
    finally:
        engine.dispose()


def _moment(value: object) -> datetime:
    """A time as either database gives it to a plain query."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
