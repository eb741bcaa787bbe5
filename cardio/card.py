"""What every card family offers, whatever it speaks underneath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from pydantic import SecretBytes, SecretStr

from cardio.errors import CardUnsupported, NoProof, NotGenuine
from cardio.reader import Channel
from cardio.secret import SecretFormat


@dataclass(frozen=True)
class CardId:
    """Which physical card: family, the kind of number it is known by, and that number.

    ``kind`` is fixed at enrolment ("guid", "fasc-n", "yubikey-serial" for PIV); ``serial`` is
    upper-case hexadecimal or decimal digits, as the family defines. A card that shows another
    kind than it was enrolled with is another card.
    """

    family: str
    kind: str
    serial: str

    def __str__(self) -> str:
        return f"{self.family}:{self.kind}:{self.serial}"


@dataclass(frozen=True)
class PasscodeFormat:
    """What a family accepts as passcode: length in characters, and which characters."""

    min_length: int = 6
    max_length: int = 8
    alphabet: str = "0123456789"


class KeyUse(Enum):
    """When a key of the card signs."""

    FREE = "free"  # without a passcode: PIV 9E
    PASSCODE = "passcode"  # after the right passcode, in the same session: PIV 9A, OpenPGP authentication


@dataclass(frozen=True)
class OfferedKey:
    """A public key the card says is its own (DER SubjectPublicKeyInfo), and its certificate (DER), if any.

    Nothing is proven by it.
    """

    public_key: bytes = field(repr=False)
    certificate: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Traits:
    """What the cards of a family can do.

    ``key_uses``: the keys they may have. ``mutual``: they prove themselves by their unblock secret.
    ``replaceable``: the unblock secret can be checked, and replaced, with nothing but itself: what a
    rotation needs. ``authority``: what sets a fresh unblock secret where the secret itself cannot.
    ``counter_settles``: unlocking and the new passcode are one command, so that a card which was locked
    and no longer is has its new passcode.
    """

    key_uses: tuple[KeyUse, ...] = ()
    mutual: bool = False
    replaceable: bool = False
    authority: SecretFormat | None = None
    counter_settles: bool = True


class Card(Protocol):
    """A selected, identified card in an open session. Every method may raise any CardIOError.

    A method that changes the card raises OutcomeUnknown when its answer was lost.
    """

    @property
    def id(self) -> CardId:
        """Which physical card this is, as read when it was opened."""

    @property
    def passcode_format(self) -> PasscodeFormat:
        """What this card takes as passcode."""

    async def tries_left(self) -> int | None:
        """Passcode tries left, 0 = locked, None where the card does not tell. Spends no try."""

    async def verify(self, passcode: SecretStr) -> None:
        """Check the passcode. Raises WrongPasscode, PasscodeLocked, PasscodeRefused (nothing sent)."""

    async def change_passcode(self, present: SecretStr, new: SecretStr) -> None:
        """Replace a known passcode. Raises as `verify`, and OutcomeUnknown."""

    async def reset_passcode(self, secret: SecretBytes, new: SecretStr) -> None:
        """Set a new passcode with the unblock secret.

        Raises WrongUnblockSecret, UnblockSecretLocked, PasscodeRefused, OutcomeUnknown.
        """

    async def unblock_tries_left(self) -> int | None:
        """Tries left of the unblock secret, None where the card does not tell. Spends none."""

    async def check_secret(self, secret: SecretBytes) -> None:
        """Have the card compare the unblock secret, which gives a right one all its tries back.

        Raises WrongUnblockSecret, UnblockSecretLocked; CardUnsupported where the family is not replaceable.
        """

    async def replace_secret(self, authority: SecretBytes, new: SecretBytes) -> None:
        """Set a new unblock secret by the present one, or by the family's ``authority``.

        Raises WrongUnblockSecret, UnblockSecretLocked (of the authority), OutcomeUnknown,
        CardUnsupported.
        """

    async def authority_tries_left(self) -> int | None:
        """Tries left of what `replace_secret` needs, None where the card does not tell. Spends none."""

    async def certificate_expiry(self) -> datetime | None:
        """When the certificate the holder signs in with ends (UTC), None where there is none."""

    async def offered_key(self, use: KeyUse) -> OfferedKey | None:
        """The key for that use, as the card shows it; None where it has none. Needs no passcode."""

    async def prove(self, use: KeyUse, public_key: bytes) -> None:
        """Have the card sign a fresh random challenge with that key.

        ``public_key`` is the pinned key, DER SubjectPublicKeyInfo. Raises NotGenuine.
        """

    async def prove_by_secret(self, secret: SecretBytes) -> None:
        """Mutual authentication with the unblock secret; what it opens lasts for the session.

        Raises NoProof where the card knows no such authentication, NotGenuine where it does not know
        the secret, and WrongUnblockSecret where it refuses ours: a genuine card with another secret, or a
        copy that cannot do better.
        """


class CardBase:
    """What a card without keys, certificate or mutual authentication answers: a base for families."""

    async def unblock_tries_left(self) -> int | None:
        """None: not told."""
        return None

    async def authority_tries_left(self) -> int | None:
        """As those of the unblock secret."""
        return await self.unblock_tries_left()

    async def check_secret(self, secret: SecretBytes) -> None:
        """Not possible. Raises CardUnsupported."""
        raise CardUnsupported("this card cannot check its unblock secret")

    async def replace_secret(self, authority: SecretBytes, new: SecretBytes) -> None:
        """Not possible. Raises CardUnsupported."""
        raise CardUnsupported("this card takes no new unblock secret")

    async def certificate_expiry(self) -> datetime | None:
        """None: no certificate."""
        return None

    async def offered_key(self, use: KeyUse) -> OfferedKey | None:
        """None: no key."""
        return None

    async def prove(self, use: KeyUse, public_key: bytes) -> None:
        """Not possible. Raises NotGenuine."""
        raise NotGenuine("a card of this family holds no key")

    async def prove_by_secret(self, secret: SecretBytes) -> None:
        """Not possible. Raises NoProof."""
        raise NoProof("a card of this family knows no mutual authentication")


class Family(Protocol):
    """Recognises one kind of card, and knows how its numbers, keys and secrets are written."""

    @property
    def name(self) -> str:
        """As in kiosk.toml: "piv", ..."""

    @property
    def traits(self) -> Traits:
        """What its cards can do."""

    @property
    def secret(self) -> SecretFormat:
        """What its unblock secret is called and looks like."""

    async def open(self, channel: Channel) -> Card | None:
        """Select the application and read the identity; None if the card is not of this family.

        Raises CardUnsupported if it is, but carries no identity.
        """

    def parse_id(self, text: str) -> CardId:
        """Read a card's number as people write it: "KIND:NUMBER", or the family's plain form.

        Raises ValueError, whose message says what is wanted and does not repeat the text.
        """

    def check_key(self, use: KeyUse, public_key: bytes) -> None:
        """Raises ValueError if no card of the family can hold that key (DER SubjectPublicKeyInfo)."""


async def identify(channel: Channel, families: Sequence[Family]) -> Card:
    """Return the card as the first family that knows it. Raises CardUnsupported if none does.

    A card that a family knows, but that names itself in no way there, may still be one of another.
    """
    nameless: CardUnsupported | None = None
    for family in families:
        try:
            card = await family.open(channel)
        except CardUnsupported as error:
            nameless = nameless or error
            continue
        if card is not None:
            return card
    raise nameless or CardUnsupported("no configured card family answers")
