"""One page about a holder: all that an officer sees of them, and no secret."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import col

from cardio.card import CardId
from kiosk.audit import Event, Outcome, detail_of
from kiosk.enrolled import EnrolledCard
from kiosk.office.cards import UNREADABLE, summary
from kiosk.persons import Personal
from kiosk.proofs.emails import mask
from kiosk.staff.desk import DeskCard, EventLine, Page
from kiosk.storage.trail import AuditRow
from kiosk.wiring import Parts

EVENTS = 20  # the newest
_FILLS_TRIES = {
    Event.UNLOCKED.value,
    Event.CARD_ENROLLED.value,
    Event.UNBLOCK_SECRET_REPLACED.value,
}
"""After these the tries may be as many as ever."""


async def page(parts: Parts, holder_id: str) -> Page:
    """One holder. Raises EnrolmentError where there is none of that id."""
    person = await parts.helping.person(holder_id)
    cards = await parts.enrolment.cards(holder_id)
    numbers = {one.card.audit_key: number(one) for one in cards}
    events = await parts.trail.newest(EVENTS, col(AuditRow.holder_key) == person.holder_key)
    rules, now = parts.service.settings.unlock, parts.service.store.clock.now()
    attempts = rules.attempts
    spent = {card_key for card_key in numbers if _nearly_spent(events, card_key, rules.min_unblock_tries)}
    held = person.usable_from is not None and person.usable_from > now
    return Page(
        holder_id=person.holder_id,
        name=UNREADABLE if Personal.NAME.value in person.shut else person.name,
        email=UNREADABLE if Personal.RA_EMAIL.value in person.shut else person.ra_email,
        own_email=mask(person.own_email) if person.own_email else "",
        registered_at=person.registered_at,
        may_unlock_from=person.usable_from if held else None,
        attempts_left=max(0, attempts - person.attempts),
        attempts=attempts,
        blocked_at=person.blocked_at,
        assistance_ends=person.assistance_ends,
        added_at=person.created_at,
        cards=tuple(_card(one, spent=one.card.audit_key in spent) for one in cards),
        events=tuple(_line(one, numbers) for one in reversed(events)),
        shut=person.shut,
    )


def number(enrolled: EnrolledCard) -> str:
    """How a card is named to people."""
    card = enrolled.card
    return str(CardId(card.family, card.kind, card.serial))


def _card(enrolled: EnrolledCard, *, spent: bool) -> DeskCard:
    told = summary(enrolled)
    secret = "nearly spent" if spent and told.unblock_secret in ("kept", "derived") else told.unblock_secret
    return DeskCard(told.card, told.state, secret, told.proves_itself, told.created_at)


def _nearly_spent(events: Sequence[Mapping[str, Any]], card_key: str, fewest: int) -> bool:
    """Whether the card has told, and nothing has changed it since, that its secret will not be sent."""
    for one in reversed(events):
        if one["card_key"] != card_key:
            continue
        if one["event"] in _FILLS_TRIES and one["outcome"] == Outcome.OK.value:
            return False
        if one["event"] == Event.CARD_SEEN.value:
            left = detail_of(one["detail"]).get("unblock_tries_left")
            return isinstance(left, int) and left < fewest
    return False


def _line(one: Mapping[str, Any], numbers: Mapping[str, str]) -> EventLine:
    return EventLine(
        at=datetime.fromisoformat(one["at"]),
        event=one["event"],
        outcome=one["outcome"],
        reason=one["reason"],
        kiosk=one["kiosk"],
        visit=one["visit"],
        actor=one["actor"],
        card=numbers.get(one["card_key"], ""),
        detail=_detail(one["detail"]),
    )


def _detail(text: str) -> str:
    """The JSON of an event in words; nothing in it is what a person typed."""
    return ", ".join(f"{name} {_plain(value)}" for name, value in detail_of(text).items())


def _plain(value: str | int | bool | None) -> str:
    return value if isinstance(value, str) else json.dumps(value)
