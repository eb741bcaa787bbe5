"""What every card family offers, whatever it speaks underneath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import SecretBytes, SecretStr

from cardio.errors import CardUnsupported
from cardio.reader import Channel


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

    async def certificate_expiry(self) -> datetime | None:
        """When the certificate the holder signs in with ends (UTC), None where there is none."""

    async def prove(self, public_key: bytes) -> None:
        """Have the card sign a fresh random challenge, without a passcode.

        ``public_key`` is the pinned key, DER SubjectPublicKeyInfo. Raises NotGenuine.
        """

    async def authentication_key(self) -> bytes | None:
        """The public key the card can prove without a passcode (DER), None where it has none."""


class Family(Protocol):
    """Recognises one kind of card."""

    @property
    def name(self) -> str:
        """As in kiosk.toml: "piv", ..."""

    @property
    def secret_length(self) -> int | None:
        """Exact length in bytes of its unblock secret, None where it varies."""

    async def open(self, channel: Channel) -> Card | None:
        """Select the application and read the identity; None if the card is not of this family.

        Raises CardUnsupported if it is, but carries no identity.
        """


async def identify(channel: Channel, families: Sequence[Family]) -> Card:
    """Return the card as the first family that knows it. Raises CardUnsupported if none does."""
    for family in families:
        card = await family.open(channel)
        if card is not None:
            return card
    raise CardUnsupported("no configured card family answers")
