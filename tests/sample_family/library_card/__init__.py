"""Library cards: a card family that Unlock Kiosk learns from this package.

The card is made up. It has a number of eight digits, tells its tries, and is unlocked with a service
code of ten letters.
"""

from __future__ import annotations

import string
from collections.abc import Mapping

from pydantic import SecretBytes, SecretStr

from cardio.apdu import SW, Command, Response
from cardio.applets.common import passcode_bytes, write
from cardio.card import Card, CardBase, CardId, KeyUse, PasscodeFormat, Traits
from cardio.errors import (
    CardError,
    CardUnsupported,
    PasscodeLocked,
    PasscodeRefused,
    UnblockSecretLocked,
    WrongPasscode,
    WrongUnblockSecret,
)
from cardio.reader import Channel
from cardio.secret import SecretFormat

AID = bytes.fromhex("F04C494252415259")
PASSCODE = 0x01
NUMBER, TRIES = 0x01, 0x02
SERVICE_CODE = SecretFormat("service code", (10,), 10, alphabet=string.ascii_uppercase,
                            fresh_alphabet=string.ascii_uppercase)  # fmt: skip


def family(options: Mapping[str, object]) -> LibraryFamily:
    """Make the family from the keys of its own in [cards.library]. Raises ValueError, which is shown."""
    if unknown := sorted(set(options) - {"branch"}):
        raise ValueError(f"unknown key {unknown[0]}; there is branch")
    branch = options.get("branch", "")
    if not isinstance(branch, str) or (branch and not branch.isdigit()):
        raise ValueError('branch must be the digits that its cards begin with, like "0417"')
    return LibraryFamily(branch)


class LibraryFamily:
    """Recognises library cards, all of them or those of one branch."""

    name = "library"
    traits = Traits()
    secret = SERVICE_CODE

    def __init__(self, branch: str) -> None:
        self._branch = branch

    async def open(self, channel: Channel) -> Card | None:
        """Select the application and read the number; None if it is another card."""
        if not (await channel.transmit(Command(0x00, 0xA4, 0x04, 0x00, AID, le=256))).ok:
            return None
        answer = await channel.transmit(_get_data(NUMBER))
        number = answer.data.decode("latin-1")
        if not answer.ok or not _is_number(number):
            raise CardUnsupported("a library card without a number", sw=answer.sw)
        return LibraryCard(channel, number) if number.startswith(self._branch) else None

    def parse_id(self, text: str) -> CardId:
        """Read "number:DIGITS" or the digits alone. Raises ValueError."""
        kind, colon, number = text.rpartition(":")
        if (colon and kind != "number") or not _is_number(number):
            raise ValueError("is not the number of a library card: eight digits")
        return CardId(self.name, "number", number)

    def check_key(self, use: KeyUse, public_key: bytes) -> None:
        """Raises ValueError: these cards have no keys."""
        raise ValueError("a library card holds no key")


class LibraryCard(CardBase):
    """A library card in an open session; implements `cardio.card.Card`."""

    def __init__(self, channel: Channel, number: str) -> None:
        self._channel = channel
        self._id = CardId("library", "number", number)

    @property
    def id(self) -> CardId:
        return self._id

    @property
    def passcode_format(self) -> PasscodeFormat:
        return PasscodeFormat()

    async def tries_left(self) -> int | None:
        return (await self._tries())[0]

    async def unblock_tries_left(self) -> int | None:
        return (await self._tries())[1]

    async def verify(self, passcode: SecretStr) -> None:
        command = Command(0x00, 0x20, 0x00, PASSCODE, self._passcode(passcode))
        _raise_for(await self._channel.transmit(command), WrongPasscode, PasscodeLocked)

    async def change_passcode(self, present: SecretStr, new: SecretStr) -> None:
        data = self._passcode(present) + self._passcode(new)
        response = await write(self._channel, Command(0x00, 0x24, 0x00, PASSCODE, data))
        _raise_for(response, WrongPasscode, PasscodeLocked)

    async def reset_passcode(self, secret: SecretBytes, new: SecretStr) -> None:
        if not SERVICE_CODE.accepts(secret):
            raise WrongUnblockSecret(None)  # and nothing was sent
        data = secret.get_secret_value() + self._passcode(new)
        response = await write(self._channel, Command(0x00, 0x2C, 0x00, PASSCODE, data))
        _raise_for(response, WrongUnblockSecret, UnblockSecretLocked)

    def _passcode(self, passcode: SecretStr) -> bytes:
        return passcode_bytes(passcode, self.passcode_format).ljust(8, b"\xff")

    async def _tries(self) -> tuple[int | None, int | None]:
        answer = await self._channel.transmit(_get_data(TRIES))
        return (answer.data[0], answer.data[1]) if answer.ok and len(answer.data) == 2 else (None, None)


def _is_number(text: str) -> bool:
    return len(text) == 8 and text.isascii() and text.isdigit()


def _get_data(tag: int) -> Command:
    return Command(0x00, 0xCA, 0x01, tag, le=256)


def _raise_for(
    response: Response,
    wrong: type[WrongPasscode | WrongUnblockSecret],
    locked: type[PasscodeLocked | UnblockSecretLocked],
) -> None:
    sw = response.sw
    if sw in (0x63C0, SW.AUTHENTICATION_METHOD_BLOCKED):
        raise locked(sw=sw)
    if sw & 0xFFF0 == 0x63C0:
        raise wrong(sw & 0x0F, sw=sw)
    if sw == SW.INCORRECT_DATA:
        raise PasscodeRefused(sw=sw)
    if sw != SW.OK:
        raise CardError(sw=sw)
