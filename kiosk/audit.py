"""The audit trail: one event for everything that happened to a holder, a card or an attempt.

Events name holder and card by their random audit keys only, never by id, name, address or serial,
so that a person can be forgotten and the trail stays whole.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from kiosk.chain import Chain, Entry, Head
from kiosk.clock import Clock
from kiosk.storage.trail import AuditRow

Detail = str | int | bool | None

log = logging.getLogger(__name__)


class Event(Enum):
    """The vocabulary. ``docs/audit.md`` explains each."""

    KIOSK_STARTED = "kiosk.started"
    KIOSK_STOPPED = "kiosk.stopped"
    CLOCK_REFUSED = "clock.refused"
    CLOCK_ACCEPTED = "clock.accepted"
    INCIDENT = "kiosk.incident"
    CARD_SEEN = "card.seen"
    CARD_REFUSED = "card.refused"
    CARD_NOT_GENUINE = "card.not-genuine"
    CARD_ENROLLED = "card.enrolled"
    CARD_STATE_SET = "card.state-set"
    CARD_WRITE_BEGUN = "card.write-begun"
    CARD_WRITE_ENDED = "card.write-ended"
    CARD_LEFT_IN = "card.left-in"
    SECRET_RELEASED = "unblock-secret.released"  # noqa: S105 - an event, not a password
    UNBLOCK_SECRET_FAILED = "unblock-secret.failed"  # noqa: S105 - an event, not a password
    UNBLOCK_SECRET_CLEARED = "unblock-secret.cleared"  # noqa: S105 - likewise
    UNBLOCK_SECRET_REPLACED = "unblock-secret.replaced"  # noqa: S105 - likewise
    VAULT_SHUT = "vault.does-not-open"
    VAULT_REKEYED = "vault.rekeyed"
    KEY_PINNED = "card.key-pinned"
    HOLDER_ADDED = "holder.added"
    EMAIL_SET = "holder.email-set"
    PASSCODE_CHECKED = "passcode.checked"
    ANSWERS_CHECKED = "answers.checked"
    HOLDER_BLOCKED = "holder.blocked"
    BLOCK_CLEARED = "holder.block-cleared"
    CODE_SENT = "code.sent"
    CODE_REFUSED_RATE = "code.rate-reached"
    CODE_CHECKED = "code.checked"
    ASSISTANCE_ISSUED = "assistance.issued"
    ASSISTANCE_CHECKED = "assistance.checked"
    REGISTERED = "registration.completed"
    QUESTIONS_CHANGED = "registration.questions-changed"
    EMAIL_CHANGED = "registration.email-changed"
    WITHDRAWN = "registration.withdrawn"
    UNLOCKED = "card.unlocked"
    PASSCODE_CHANGED = "card.passcode-changed"
    VISIT_ENDED = "visit.ended"
    NOTICE_SENT = "notice.sent"
    NOTICE_GIVEN_UP = "notice.given-up"
    HOLDER_FORGOTTEN = "holder.forgotten"
    REGISTRATION_LAPSED = "registration.lapsed"
    RETENTION_ENFORCED = "retention.enforced"
    BACKED_UP = "store.backed-up"
    RESTORED = "store.restored"
    FLEET_SET_UP = "fleet.set-up"
    KIOSK_ADDED = "fleet.kiosk-added"
    KIOSK_REVOKED = "fleet.kiosk-revoked"
    REPORT_QUEUED = "report.queued"
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_CLOSED = "audit.closed"
    STAFF_ADDED = "staff.added"
    STAFF_DISABLED = "staff.disabled"
    STAFF_RESET = "staff.reset"
    STAFF_SIGNED_IN = "staff.signed-in"
    STAFF_SIGNED_OUT = "staff.signed-out"
    STAFF_REFUSED = "staff.refused"
    STAFF_ALARM = "staff.many-refused"
    SERVICE_STOPPED = "service.stopped"
    SERVICE_RESUMED = "service.resumed"
    RESTARTED = "kiosk.restarted"
    LOGIN_PROMPTED = "kiosk.login-prompted"
    SELFTEST_RUN = "selftest.run"
    MAIL_TESTED = "mail.tested"
    NOTICES_HURRIED = "notice.hurried"
    NOTICE_DROPPED = "notice.dropped"


_HEADED = {Event.KIOSK_STARTED.value, Event.KIOSK_STOPPED.value, Event.AUDIT_CLOSED.value}


class Outcome(Enum):
    """How it went."""

    OK = "ok"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"
    ALARM = "alarm"


@dataclass(frozen=True)
class Subject:
    """Whom an event is about: audit keys, the visit, and who acted (an OS account), where there is one."""

    holder_key: str = ""
    card_key: str = ""
    visit: str = ""
    actor: str = ""
    selftest: bool = False


@dataclass(frozen=True)
class Written:
    """What a unit of work has added to the trail: the head after it, and its events."""

    head: Head
    events: Sequence[str]


def newest_event() -> SelectOfScalar[datetime]:
    """Selects the time before which no right clock can be: of the newest event (no row: there is none).

    What was written before somebody accepted the clock does not count: it may be dated in the future.
    """
    accepted = select(func.coalesce(func.max(AuditRow.seq), 0)).where(
        AuditRow.event == Event.CLOCK_ACCEPTED.value
    )
    since = col(AuditRow.seq) >= accepted.scalar_subquery()
    return select(AuditRow.at).where(since).order_by(col(AuditRow.at).desc()).limit(1)


class Audit:
    """Writes events at the end of the unit of work of what they tell about, and tells the chain's heads."""

    def __init__(self, clock: Clock, kiosk: str, chain: Chain, *, head_every: int = 1000) -> None:
        self.chain = chain
        self._clock = clock
        self._kiosk = kiosk
        self._head_every = head_every
        self._told: Head | None = None

    def record(
        self,
        session: AsyncSession,
        event: Event,
        about: Subject,
        outcome: Outcome = Outcome.OK,
        reason: str = "",
        *,
        at: datetime | None = None,
        **detail: Detail,
    ) -> None:
        """Add an event to the unit of work: both are kept, or neither. ``at``: where it is not now."""
        _collected(session).append(self._entry(event, about, outcome, reason, detail, at))

    def record_all(
        self,
        session: AsyncSession,
        events: Sequence[tuple[Event, Subject, Mapping[str, Detail]]],
        reason: str = "",
    ) -> None:
        """Add many events that went well to the unit of work, in their order, all for one reason."""
        _collected(session).extend(
            self._entry(event, about, Outcome.OK, reason, detail) for event, about, detail in events
        )

    async def write(self, session: AsyncSession) -> Written | None:
        """Write what was collected. Nothing else may follow in this unit of work but the commit."""
        entries = _collected(session)
        if not entries:
            return None
        return Written(await self.chain.append(session, entries), tuple(entry.event for entry in entries))

    def kept(self, written: Written) -> None:
        """What was written is committed: say the head now and then, so that a cut tail shows."""
        head = written.head
        passed = head.seq // self._head_every > (head.seq - len(written.events)) // self._head_every
        if passed or not _HEADED.isdisjoint(written.events):
            self.tell_head(head)

    def tell_head(self, head: Head) -> None:
        """Say a head in the log, once, in a form that ``kiosk audit verify --head`` takes."""
        if head != self._told:
            self._told = head
            log.info("audit head %s", head)

    def _entry(
        self,
        event: Event,
        about: Subject,
        outcome: Outcome,
        reason: str,
        detail: Mapping[str, Detail],
        at: datetime | None = None,
    ) -> Entry:
        return Entry(
            at=at or self._clock.now(),
            kiosk=self._kiosk,
            visit=about.visit,
            event=event.value,
            outcome=outcome.value,
            reason=reason,
            holder_key=about.holder_key,
            card_key=about.card_key,
            actor=about.actor,
            detail=json.dumps(dict(detail), sort_keys=True) if detail else "",
            selftest=about.selftest,
        )


def detail_of(text: str) -> dict[str, Detail]:
    """An event's detail as it was recorded; nothing where somebody has damaged it.

    A kiosk in the wrong hands writes what it likes, and `kiosk audit verify` takes it for whole.
    """
    try:
        found = json.loads(text or "{}")
        json.dumps(found, ensure_ascii=False).encode()  # half a character that no mail or file can have
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if value is None or isinstance(value, str | int)}


def _collected(session: AsyncSession) -> list[Entry]:
    entries: list[Entry] = session.info.setdefault("audit", [])
    return entries
