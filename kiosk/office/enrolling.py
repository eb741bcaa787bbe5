"""The card in the reader: waiting for it, reading what it is, having it prove its key. Spends no try."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TextIO

from pydantic import SecretBytes, SecretStr

from cardio.card import CardId, Family, KeyUse, identify
from cardio.reader import Reader
from kiosk.enrolment import Change, EnrolmentError, NewCard
from kiosk.families import by_name, families
from kiosk.office import fields
from kiosk.office.office import office
from kiosk.office.private import read_private
from kiosk.office.waiting import Say, wait_for_card
from kiosk.settings import Settings


@dataclass(frozen=True)
class SeenCard:
    """A card as it was read. ``key`` is what it has proven to hold, None where it offers none."""

    id: CardId
    key: bytes | None = field(repr=False)
    passcode_tries: int | None
    unblock_tries: int | None
    certificate_ends: datetime | None
    family: Family = field(repr=False)


async def holder_name(settings: Settings, holder_id: str) -> str:
    """The holder's name. Raises EnrolmentError if there is no such holder."""
    async with office(settings) as parts:
        return (await parts.enrolment.holder(holder_id)).name


async def read_card(settings: Settings, reader: Reader, say: Say) -> SeenCard:
    """Wait for a card, read it, and have it prove the key it offers. Closes the reader.

    Raises any CardIOError, and EnrolmentError for a card that the site's kiosks would refuse.
    """
    try:
        present = await wait_for_card(reader, say)
        async with reader.session(present.insertion) as channel:
            card = await identify(channel, known := families(settings))
            offered = await card.offered_key(KeyUse.FREE)
            name = card.id.family
            if offered is not None:
                await card.prove(KeyUse.FREE, offered.public_key)
            elif settings.cards.table(name).card_authentication == "required":
                raise EnrolmentError(
                    f"this card has no key to prove itself with, and cards.{name}.card_authentication "
                    "demands one"
                )
            return SeenCard(
                card.id,
                offered.public_key if offered else None,
                await card.tries_left(),
                await card.unblock_tries_left(),
                await card.certificate_expiry(),
                by_name(known, name),
            )
    finally:
        await reader.aclose()


async def enrol(
    settings: Settings, holder_id: str, seen: SeenCard, secret: SecretBytes, *, by: str
) -> Change:
    """Tie a card that was read to a holder. Raises EnrolmentError."""
    async with office(settings) as parts:
        return await parts.enrolment.enrol(holder_id, NewCard(seen.id, secret, seen.key), by=by)


def checked_secret(given: SecretStr, seen: SeenCard) -> SecretBytes:
    """The unblock secret as that card's family wants it. Raises EnrolmentError."""
    text = given.get_secret_value()
    return fields.checked("the unblock secret", fields.unblock_secret, text, seen.family)


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
