"""What an officer does for people, where the store is open: from the command line, and at the desk.

Every function raises EnrolmentError, whose message says why it cannot be done; nothing was done then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from cardio.card import CardId
from kiosk.enrolment import EnrolmentError, NewHolder
from kiosk.families import families
from kiosk.helping import Person
from kiosk.office import fields
from kiosk.office.operator import names
from kiosk.settings import Settings
from kiosk.storage.models import CardState
from kiosk.visit import Known
from kiosk.wiring import Parts


def new_holder(settings: Settings, holder_id: str, name: str, email: str) -> NewHolder:
    """A holder who may be added; the address may be empty."""
    return NewHolder(
        fields.checked("the id", fields.holder_id, holder_id),
        fields.checked("the name", fields.name, name),
        fields.checked("the email address", fields.email, email, settings.email.domains),
    )


def address(settings: Settings, email: str) -> str:
    """An address that may be set: one, at an approved domain."""
    return fields.checked("the email address", fields.address, email, settings.email.domains)


def card_id(settings: Settings, serial: str) -> CardId:
    """The card that somebody named."""
    known = families(settings)
    family = next((one for one in known if serial.startswith(f"{one.name}:")), known[0])
    return fields.checked("SERIAL", fields.card_id, serial, family)


async def add(parts: Parts, new: NewHolder, reason: str, *, by: str) -> None:
    """Add a holder, but not oneself with an address. The reason may be empty: it is not always asked for."""
    require_not_oneself(new, by)
    if reason:
        reason = fields.checked("the reason", fields.reason, reason)
        personal = [new.holder_id, *new.name.split(), new.email.partition("@")[0]]
        fields.checked("the reason", fields.impersonal, reason, personal)
    await parts.enrolment.add_holder(new, by=by, reason=reason)


def require_not_oneself(new: NewHolder, by: str) -> None:
    """Refuse officers who add themselves with an address: it would be one that they set for themselves."""
    if new.email and new.holder_id.casefold() in names(by):
        raise EnrolmentError("nobody sets an address of their own: ask another officer, or leave it empty")


async def clear_block(parts: Parts, holder_id: str, reason: str, *, by: str) -> None:
    """Give the holder all attempts back."""
    reason = await reason_about(parts, holder_id, reason)
    person = await parts.helping.person(holder_id)
    known = await _known(parts, holder_id)
    if known is None or not (person.attempts or person.blocked_at):
        raise EnrolmentError(f"holder {holder_id!r} is not blocked and has all attempts")
    await parts.service.assistance.clear_block(known, by=by, reason=reason)


async def assist(parts: Parts, holder_id: str, reason: str, *, by: str) -> tuple[SecretStr, datetime]:
    """Issue an assistance code; returns it and its end (UTC). Nobody issues one for themselves."""
    reason = await reason_about(parts, holder_id, reason)
    known = await require_assistable(parts, holder_id, by)
    settings, store = parts.service.settings, parts.service.store
    code = await parts.service.assistance.issue(known, by=by, reason=reason, language=settings.site.language)
    return code, store.clock.now() + timedelta(minutes=settings.codes.assistance_minutes)


async def require_assistable(parts: Parts, holder_id: str, by: str) -> Known:
    """Whoever an assistance code helps: another than the officer, with a card and an address."""
    await parts.enrolment.holder(holder_id)
    await require_another(parts, holder_id, by, "issues a code for themselves")
    known = await _known(parts, holder_id)
    if known is None:
        raise EnrolmentError(f"holder {holder_id!r} has no card: enrol one with 'kiosk card enrol'")
    if known.shut:
        raise EnrolmentError(f"parts of what is kept of holder {holder_id!r} do not open: 'kiosk doctor'")
    if not known.email:
        raise EnrolmentError(
            f"holder {holder_id!r} has no email address, and the code that is mailed is still needed"
        )
    return known


async def set_email(parts: Parts, holder_id: str, email: str, reason: str, *, by: str) -> Person:
    """Have codes go to another address; the holder as they were. Nobody sets their own."""
    email = address(parts.service.settings, email)
    reason = await reason_about(parts, holder_id, reason, email)
    await require_another(parts, holder_id, by, "sets an address of their own")
    return await parts.helping.set_email(holder_id, email, by=by, reason=reason)


async def withdraw(parts: Parts, holder_id: str, reason: str, *, by: str) -> Person:
    """End a registration; the holder as they were."""
    reason = await reason_about(parts, holder_id, reason)
    return await parts.helping.withdraw(holder_id, by=by, reason=reason)


async def set_state(parts: Parts, card: CardId, state: CardState, reason: str, *, by: str) -> None:
    """Suspend, revoke or take a card back into use."""
    reason = await _reason_about_card(parts, card, reason)
    await parts.enrolment.set_card_state(card, state, by=by, reason=reason)


async def clear_secret(parts: Parts, card: CardId, reason: str, *, by: str) -> None:
    """Let a card's unblock secret be sent again, or be replaced by another."""
    reason = await _reason_about_card(parts, card, reason)
    await parts.enrolment.clear_secret(card, by=by, reason=reason)


async def reason_about(parts: Parts, holder_id: str, reason: str, email: str = "") -> str:
    """A reason that does not name the holder, or a card of theirs, or ``email``: no event ever does."""
    reason = fields.checked("the reason", fields.reason, reason)
    person = await parts.helping.person(holder_id)
    cards = [one.card.serial for one in await parts.enrolment.cards(holder_id)]
    locals_ = [one.partition("@")[0] for one in (*person.addresses, email)]
    personal = [holder_id, *person.name.split(), *locals_, *cards]
    return fields.checked("the reason", fields.impersonal, reason, personal)


async def _reason_about_card(parts: Parts, card: CardId, reason: str) -> str:
    known = await parts.service.holders.find(card)
    if known is None:
        return fields.checked("the reason", fields.reason, reason)
    return await reason_about(parts, known.holder_id, reason)


async def require_another(parts: Parts, holder_id: str, by: str, what: str) -> None:
    """Refuse officers who help themselves: by their name, their OS account, or their staff card."""
    themselves = names(by)
    mine = holder_id.casefold() in themselves
    for card in (one.card for one in await parts.enrolment.cards(holder_id)):
        account = await parts.accounts.of_card(CardId(card.family, card.kind, card.serial))
        mine = mine or (account is not None and account.name in themselves)
    if mine:
        raise EnrolmentError(f"nobody {what}: ask another officer")


async def _known(parts: Parts, holder_id: str) -> Known | None:
    """The holder's facts, None without a card. No card is named: this is about the person."""
    cards = await parts.enrolment.cards(holder_id)
    if not cards:
        return None
    card = cards[0].card
    known = await parts.service.holders.find(CardId(card.family, card.kind, card.serial))
    return None if known is None else replace(known, card_key="")
