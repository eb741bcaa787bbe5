"""What the card in the reader is: every family and every well-known application is asked. Spends no try.

Each family has a session of its own, so that what one selects cannot disturb the next. Nothing secret
is sent, and nothing is read that names a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from cardio import atr, directory
from cardio.applications import Application
from cardio.card import Card, CardId, Family, KeyUse, PasscodeFormat
from cardio.certificates import Trust
from cardio.directory import Entry
from cardio.errors import CardError, CardUnsupported, NotGenuine
from cardio.reader import Reader
from kiosk.card_settings import BUILT_IN
from kiosk.families import families
from kiosk.settings import Settings
from kiosk.trusts import trusts

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}  # as NIST calls them


class Answer(Enum):
    """How a card answered a family."""

    CARD = "card"  # one of this family, with a number of its own
    NAMELESS = "nameless"  # of this family, but with no number it could be known by
    NO = "no"  # another kind of card
    ERROR = "error"  # it answered against the standard


@dataclass(frozen=True)
class SeenKey:
    """A key that the card shows.

    ``sha256`` is of the public key (DER SubjectPublicKeyInfo). ``signs``: whether the card proved just now
    that it holds the key, None where it was not asked. ``vouched``: whether the configured CAs vouch for
    its certificate, None where there are no CAs or no certificate; ``doubt`` says why not.
    """

    use: KeyUse
    algorithm: str
    sha256: str
    certified: bool
    signs: bool | None
    vouched: bool | None = None
    doubt: str = ""


@dataclass(frozen=True)
class SeenFamily:
    """What the card is to one family. Tries are None where it does not tell, or is none of the family.

    ``mutual``: cards of the family may prove themselves by their unblock secret.
    """

    name: str
    configured: bool
    answer: Answer
    detail: str = ""
    id: CardId | None = None
    passcode_format: PasscodeFormat | None = field(default=None, repr=False)
    passcode_tries: int | None = None
    secret: str = ""
    unblock_tries: int | None = None
    certificate_ends: datetime | None = None
    keys: tuple[SeenKey, ...] = ()
    mutual: bool = False


@dataclass(frozen=True)
class Inspection:
    """Everything that was seen.

    ``chosen`` is the family a kiosk of this configuration would take. ``applications`` are the well-known
    ones that answer, None for a card that says yes to every name; ``listed`` is its EF.DIR, None without.
    """

    reader: str
    atr: atr.Atr
    families: tuple[SeenFamily, ...]
    applications: tuple[Application, ...] | None
    listed: tuple[Entry, ...] | None

    @property
    def chosen(self) -> SeenFamily | None:
        """The first configured family that knows the card; none after one that stumbles over it."""
        for seen in self.families:
            if seen.configured and seen.answer is Answer.ERROR:
                return None
            if seen.configured and seen.answer is Answer.CARD:
                return seen
        return None

    @property
    def told(self) -> SeenFamily | None:
        """The family to tell about: the chosen one, else the first that knows the card."""
        known = (seen for seen in self.families if seen.answer is Answer.CARD)
        return self.chosen or next(known, None)


async def inspect(settings: Settings, reader: Reader, insertion: int) -> Inspection:
    """Look at the card of that insertion. Raises CardIOError where it or the reader goes away."""
    seen = [await ask(settings, reader, insertion, family) for family in every_family(settings)]
    known, listed = await read_applications(reader, insertion)
    return Inspection(reader.name, atr.parse(reader.presence.atr), tuple(seen), known, listed)


async def read_applications(
    reader: Reader, insertion: int
) -> tuple[tuple[Application, ...] | None, tuple[Entry, ...] | None]:
    """The well-known applications and EF.DIR, as `Inspection` has them. Raises CardIOError as `ask`."""
    async with reader.session(insertion) as channel:
        known = await directory.well_known(channel)
    async with reader.session(insertion) as channel:
        try:
            listed = await directory.listed(channel)
        except CardError:
            listed = None
    return None if known is None else tuple(known), None if listed is None else tuple(listed)


def every_family(settings: Settings) -> Sequence[Family]:
    """The configured families in their order, then those that could be configured. Raises SettingsError."""
    cards = settings.cards
    names = dict.fromkeys((*cards.families, *BUILT_IN, *cards.profiles))
    return families(settings.changed(cards={"families": tuple(names)}))


async def ask(settings: Settings, reader: Reader, insertion: int, family: Family) -> SeenFamily:
    """Have one family open and read the card; what the card does wrong is part of the result.

    Raises CardIOError where the card or the reader goes away.
    """
    seen = SeenFamily(family.name, family.name in settings.cards.families, Answer.NO)
    async with reader.session(insertion) as channel:
        try:
            card = await family.open(channel)
        except CardUnsupported as nameless:
            return replace(seen, answer=Answer.NAMELESS, detail=str(nameless))
        except CardError as error:
            return replace(seen, answer=Answer.ERROR, detail=str(error))
        if card is None:
            return seen
        seen = replace(
            seen,
            id=card.id,
            passcode_format=card.passcode_format,
            secret=family.secret.name,
            mutual=family.traits.mutual,
        )
        trust = trusts(settings, datetime.now(UTC)).get(family.name)
        try:
            return await _read(card, family, seen, trust)
        except CardError as error:
            return replace(seen, answer=Answer.ERROR, detail=str(error))


async def _read(card: Card, family: Family, seen: SeenFamily, trust: Trust | None) -> SeenFamily:
    """Counters, certificate and keys of a card that was identified."""
    keys = [await _key(card, use, trust) for use in family.traits.key_uses]
    return replace(
        seen,
        answer=Answer.CARD,
        passcode_tries=await card.tries_left(),
        unblock_tries=await card.unblock_tries_left(),
        certificate_ends=await card.certificate_expiry(),
        keys=tuple(key for key in keys if key is not None),
    )


async def _key(card: Card, use: KeyUse, trust: Trust | None) -> SeenKey | None:
    """The key for that use; one that needs no passcode is asked to sign."""
    try:
        offered = await card.offered_key(use)
    except CardError:
        return None
    if offered is None:
        return None
    key = SeenKey(
        use,
        algorithm(offered.public_key),
        hashlib.sha256(offered.public_key).hexdigest(),
        offered.certificate is not None,
        await proves(card, offered.public_key) if use is KeyUse.FREE else None,
    )
    if trust is None or offered.certificate is None:
        return key
    try:
        trust.verify(offered.certificate, card.id, use, datetime.now(UTC))
    except CardError as doubt:
        return replace(key, vouched=False, doubt=str(doubt))
    return replace(key, vouched=True)


async def proves(card: Card, public_key: bytes) -> bool | None:
    """Whether the card holds that key, which needs no passcode; None where it could not be asked."""
    try:
        await card.prove(KeyUse.FREE, public_key)
    except NotGenuine:
        return False
    except CardError:
        return None
    return True


def algorithm(public_key: bytes) -> str:
    """What kind of key it is (DER SubjectPublicKeyInfo), in words."""
    try:
        key = load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm):
        return "unknown"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ECC {_CURVES.get(key.curve.name, key.curve.name)}"
    return type(key).__name__.removesuffix("PublicKey").lstrip("_")
