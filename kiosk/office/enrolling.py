"""The card in the reader: waiting for it, reading what it is, having it prove its key. Spends no try."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from pydantic import SecretBytes, SecretStr

from cardio.card import Card, CardId, Family, KeyUse, identify
from cardio.errors import NotGenuine, ProtocolError
from cardio.reader import Reader
from kiosk.enrolment import Change, EnrolmentError, NewCard
from kiosk.families import by_name, families
from kiosk.office import deeds
from kiosk.office.cards import UNREADABLE
from kiosk.office.office import office
from kiosk.office.private import read_private
from kiosk.office.waiting import Say, wait_for_card
from kiosk.settings import Settings
from kiosk.trusts import trusts
from kiosk.wiring import Parts


@dataclass(frozen=True)
class SeenCard:
    """A card as it was read. ``key`` is what it has proven to hold, None where it offers none.

    ``sign_in_key`` signs after the passcode, so it is proven when somebody has entered that;
    ``doubt`` says why it is not to be pinned, and ``shown`` is what the card shows all the same.
    ``authority_tries`` are those of what sets a fresh
    unblock secret.
    """

    id: CardId
    key: bytes | None = field(repr=False)
    sign_in_key: bytes | None = field(repr=False)
    shown: bytes | None = field(repr=False)
    doubt: str
    passcode_tries: int | None
    unblock_tries: int | None
    authority_tries: int | None
    certificate_ends: datetime | None
    family: Family = field(repr=False)


async def holder_name(settings: Settings, holder_id: str) -> str:
    """The holder's name. Raises EnrolmentError if there is no such holder."""
    async with office(settings) as parts:
        return (await parts.enrolment.holder(holder_id)).name or UNREADABLE


async def checked_reason(settings: Settings, holder_id: str, reason: str, *, empty: bool = True) -> str:
    """A reason that may stand in the audit trail; ``empty``: or none at all. Raises EnrolmentError."""
    if empty and not reason:
        return ""
    async with office(settings) as parts:
        return await deeds.reason_about(parts, holder_id, reason)


async def read_card(settings: Settings, reader: Reader, say: Say) -> SeenCard:
    """Wait for a card, read it, and have it prove the key it offers. Closes the reader.

    Raises any CardIOError, and EnrolmentError for a card that the site's kiosks would refuse.
    """
    try:
        present = await wait_for_card(reader, say)
        async with reader.session(present.insertion) as channel:
            card = await identify(channel, known := families(settings))
            return await read(settings, card, by_name(known, card.id.family))
    finally:
        await reader.aclose()


async def card_number(settings: Settings, reader: Reader, say: Say) -> str:
    """Wait for a card, and say which it is. Closes the reader. Raises any CardIOError."""
    try:
        present = await wait_for_card(reader, say)
        async with reader.session(present.insertion) as channel:
            return str((await identify(channel, families(settings))).id)
    finally:
        await reader.aclose()


async def read(settings: Settings, card: Card, family: Family) -> SeenCard:
    """Read a card in an open session, and have it prove the key it offers. Raises as `read_card`."""
    offered = await card.offered_key(KeyUse.FREE)
    if offered is not None:
        await card.prove(KeyUse.FREE, offered.public_key)
    shown, doubt = await _sign_in_key(settings, card, family)
    sign_in = None if doubt else shown
    rule = settings.cards.table(family.name).card_authentication
    free = KeyUse.FREE in family.traits.key_uses
    provable = offered or family.traits.mutual or (sign_in and not free)
    if rule == "required" and not provable:
        raise EnrolmentError(
            f"this card has no key to prove itself with, and cards.{family.name}.card_authentication "
            "demands one"
        )
    return SeenCard(
        id=card.id,
        key=offered.public_key if offered else None,
        sign_in_key=sign_in,
        shown=shown,
        doubt=doubt,
        passcode_tries=await card.tries_left(),
        unblock_tries=await card.unblock_tries_left(),
        authority_tries=await card.authority_tries_left(),
        certificate_ends=await card.certificate_expiry(),
        family=family,
    )


async def _sign_in_key(settings: Settings, card: Card, family: Family) -> tuple[bytes | None, str]:
    """The key that signs after the passcode, as the card shows it, and why it is not to be pinned.

    Nothing proves yet that the card holds it; CAs that the site has configured must vouch for it.
    """
    if KeyUse.PASSCODE not in family.traits.key_uses:
        return None, ""
    offered = await card.offered_key(KeyUse.PASSCODE)
    if offered is None:
        return None, "the card has none"
    now = datetime.now(UTC)
    trust = trusts(settings, now).get(family.name)
    try:
        family.check_key(KeyUse.PASSCODE, offered.public_key)
        if trust is not None:
            if offered.certificate is None:
                raise NotGenuine("it has no certificate")
            trust.verify(offered.certificate, card.id, KeyUse.PASSCODE, now)
    except (ValueError, NotGenuine, ProtocolError) as error:
        return offered.public_key, str(error) or type(error).__name__
    return offered.public_key, ""


async def require_pinned(settings: Settings, seen: SeenCard, *, by: str) -> None:
    """Raise EnrolmentError, with an alarm on record, if another key is pinned for the card that was read."""
    async with office(settings) as parts:
        await require_same_keys(parts, seen, by=by)


async def require_same_keys(parts: Parts, seen: SeenCard, *, by: str, alarm: bool = True) -> None:
    """The same, where the store is open. ``alarm``: it goes on record."""
    shown = {KeyUse.FREE: seen.key, KeyUse.PASSCODE: seen.shown}
    await parts.enrolment.require_pinned(seen.id, shown, by=by, alarm=alarm)


async def enrol(
    settings: Settings,
    holder_id: str,
    seen: SeenCard,
    secret: SecretBytes,
    *,
    by: str,
    replace_key: bool = False,
) -> Change:
    """Tie a card that was read to a holder. Raises EnrolmentError.

    ``replace_key``: though another one was pinned for it.
    """
    async with office(settings) as parts:
        if not replace_key:
            await require_same_keys(parts, seen, by=by)
        new = new_card(seen, secret, replace_key=replace_key)
        return await parts.enrolment.enrol(holder_id, new, by=by)


def new_card(
    seen: SeenCard, secret: SecretBytes | None, *, proven: bool = False, replace_key: bool = False
) -> NewCard:
    """A card that was read, with its unblock secret; ``proven``: the card has just accepted that."""
    return NewCard(
        seen.id,
        secret,
        seen.key,
        secret_proven=proven,
        passcode_key=seen.sign_in_key,
        replace_keys=replace_key,
    )


def secret_from(file: Path | None, stream: TextIO) -> SecretStr:
    """The only line of a file, or of a stream where there is no file. Raises EnrolmentError, OSError."""
    try:
        text = stream.read(4096) if file is None else read_private(file).decode("ascii")
        lines = text.splitlines()
    except UnicodeDecodeError:
        lines = []
    if len(lines) != 1:
        raise EnrolmentError(f"{file or 'standard input'}: must hold the unblock secret as one line of ASCII")
    return SecretStr(lines[0])
