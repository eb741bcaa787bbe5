"""OpenPGP cards 2.x and 3.x (Functional Specification of the OpenPGP application, 3.4).

A wrong password is often answered without a count, so the counters are read from the PW status bytes
(C4); an empty VERIFY is never sent, for 2.x cards refuse it. Where the card has KDF on, no password
leaves this process as it was typed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import SecretBytes, SecretStr

from cardio.apdu import SW, Command, Response
from cardio.applets import openpgp_data
from cardio.applets.common import secret_accepted, write
from cardio.applets.openpgp_data import ApplicationData, PasswordStatus
from cardio.applets.openpgp_kdf import Password
from cardio.applets.openpgp_passwords import ADMIN_FORMAT, CODE_FORMAT, Passwords
from cardio.applets.openpgp_proof import challenge_for, public_key
from cardio.card import Card, CardBase, CardId, KeyUse, OfferedKey, PasscodeFormat, Traits
from cardio.errors import (
    CardError,
    CardIOError,
    CardUnsupported,
    NotGenuine,
    PasscodeLocked,
    PasscodeRefused,
    UnblockSecretLocked,
    WrongPasscode,
    WrongUnblockSecret,
)
from cardio.reader import Channel
from cardio.secret import SecretFormat

UnlockWith = Literal["resetting-code", "admin-pin"]

_PW1_SIGNING, _PW1, _PW3 = 0x81, 0x82, 0x83
_RESETTING_CODE, _CERTIFICATE = 0xD3, 0x7F21
_AUTHENTICATION_KEY = bytes.fromhex("A400")

_TERMINATED = 0x6285
_LOCKED = (SW.AUTHENTICATION_METHOD_BLOCKED, SW.REFERENCE_DATA_NOT_USABLE)
_BAD_FORMAT = (SW.WRONG_LENGTH, SW.INCORRECT_DATA)


class OpenPgpFamily:
    """Recognises OpenPGP cards, which are unlocked with the resetting code or with the admin PIN."""

    def __init__(self, unlock_with: UnlockWith = "resetting-code") -> None:
        self._with_admin_pin = unlock_with == "admin-pin"

    @property
    def name(self) -> str:
        """As in the configuration and in every CardId: "openpgp"."""
        return "openpgp"

    @property
    def traits(self) -> Traits:
        """The authentication key (after the passcode); only the admin PIN changes itself."""
        keys = (KeyUse.PASSCODE,)
        if self._with_admin_pin:
            return Traits(key_uses=keys, replaceable=True)
        return Traits(key_uses=keys, authority=ADMIN_FORMAT)

    @property
    def secret(self) -> SecretFormat:
        """8 characters or more (4.3.1); what a card takes at most it says itself."""
        return ADMIN_FORMAT if self._with_admin_pin else CODE_FORMAT

    def parse_id(self, text: str) -> CardId:
        """Read serial:HEX, HEX (manufacturer and serial, 12 digits), or the whole AID. Raises ValueError."""
        return CardId("openpgp", "serial", openpgp_data.parse_number(text))

    def check_key(self, use: KeyUse, public_key: bytes) -> None:
        """Raises ValueError for a key no OpenPGP card has (DER), and for every key without a passcode."""
        if use is not KeyUse.PASSCODE:
            raise ValueError("OpenPGP cards have no key that signs without the passcode")
        challenge_for(public_key)

    async def open(self, channel: Channel) -> Card | None:
        """Select the application and read who it is; None if the card has no OpenPGP application.

        Raises CardUnsupported if it has, but terminated, of version 1, without a serial number, or with
        passwords in PIN blocks.
        """
        if not await _select(channel):
            return None
        found = await _application_data(channel)
        if found is None:
            return None
        if found.identifier.version < (2, 0):
            raise CardUnsupported("an OpenPGP card before version 2")
        if found.identifier.nameless:
            raise CardUnsupported("an OpenPGP card without a serial number")
        if found.status is not None and found.status.pin_block:
            raise CardUnsupported("an OpenPGP card that takes its passwords as PIN blocks")
        return OpenPgpApplication(channel, found, with_admin_pin=self._with_admin_pin)


class OpenPgpApplication(CardBase):
    """A selected, identified OpenPGP card in an open session; implements `cardio.card.Card`."""

    def __init__(self, channel: Channel, data: ApplicationData, *, with_admin_pin: bool) -> None:
        self._channel = channel
        self._data = data
        self._fresh = data.status  # the counters, until something is sent that may change them
        self._with_admin_pin = with_admin_pin
        self._passwords = Passwords(channel, data)

    @property
    def id(self) -> CardId:
        """Manufacturer and serial number from the application identifier."""
        return CardId("openpgp", "serial", self._data.identifier.number)

    @property
    def passcode_format(self) -> PasscodeFormat:
        """At least 6 characters (4.3.1), and as many as the card says."""
        return self._passwords.passcode_format

    async def tries_left(self) -> int | None:
        """Passcode tries left, 0 = locked, None where the card does not tell. Spends no try."""
        status = await self._status()
        return None if status is None else status.pw1_left

    async def unblock_tries_left(self) -> int | None:
        """Tries left of the unblock secret; 0 also for a resetting code that was never set."""
        status = await self._status()
        if status is None:
            return None
        return status.pw3_left if self._with_admin_pin else status.code_left

    async def authority_tries_left(self) -> int | None:
        """Tries left of the admin PIN."""
        status = await self._status()
        return None if status is None else status.pw3_left

    async def verify(self, passcode: SecretStr) -> None:
        """Check the passcode as PW1 with 82, which opens the authentication key.

        Raises WrongPasscode, PasscodeLocked, PasscodeRefused (nothing sent).
        """
        (value,) = await self._passwords.derived(self._passwords.passcode(passcode))
        await self._verify(value)

    async def change_passcode(self, present: SecretStr, new: SecretStr) -> None:
        """Replace a known passcode. Raises as `verify`, and OutcomeUnknown.

        The present one is verified first: the two go over in one piece, and the card takes as many
        bytes for the present one as it has itself. One that is too long would move its rest into the new.
        """
        known, chosen = self._passwords.passcode(present), self._passwords.passcode(new)
        old, fresh = await self._passwords.derived(known, chosen)
        await self._verify(old)
        response = await self._write(Command(0x00, 0x24, 0x00, _PW1_SIGNING, old + fresh))
        await self._raise_for_passcode(response)

    async def reset_passcode(self, secret: SecretBytes, new: SecretStr) -> None:
        """Set a new passcode with the resetting code or the admin PIN.

        Raises WrongUnblockSecret (``sw`` 0 where it can be none and was not sent),
        UnblockSecretLocked, PasscodeRefused, OutcomeUnknown.
        """
        chosen = self._passwords.passcode(new)
        if self._with_admin_pin:
            admin_pin, fresh = await self._passwords.derived(self._passwords.admin_pin(secret), chosen)
            await self._verify_admin(admin_pin)
            with secret_accepted():
                _raise_for_value(await self._write(Command(0x00, 0x2C, 0x02, _PW1_SIGNING, fresh)))
            return
        code, fresh = await self._passwords.derived(self._passwords.resetting_code(secret), chosen)
        response = await self._write(Command(0x00, 0x2C, 0x00, _PW1_SIGNING, code + fresh))
        await self._raise_for_secret(response, Password.RESETTING_CODE)

    async def check_secret(self, secret: SecretBytes) -> None:
        """Verify the admin PIN. A resetting code can only be used: CardUnsupported.

        Raises WrongUnblockSecret, UnblockSecretLocked.
        """
        if not self._with_admin_pin:
            raise CardUnsupported("a resetting code cannot be checked")
        (admin_pin,) = await self._passwords.derived(self._passwords.admin_pin(secret))
        await self._verify_admin(admin_pin)

    async def replace_secret(self, authority: SecretBytes, new: SecretBytes) -> None:
        """Set a new unblock secret, of which the present admin PIN is the authority.

        Raises WrongUnblockSecret, UnblockSecretLocked (of the admin PIN), OutcomeUnknown. The admin PIN
        is verified first, for the reason that `change_passcode` gives.
        """
        present = self._passwords.admin_pin(authority)
        chosen = (
            self._passwords.admin_pin(new) if self._with_admin_pin else self._passwords.resetting_code(new)
        )
        admin_pin, fresh = await self._passwords.derived(present, chosen)
        await self._verify_admin(admin_pin)
        if self._with_admin_pin:
            command = Command(0x00, 0x24, 0x00, _PW3, admin_pin + fresh)
        else:
            command = Command(0x00, 0xDA, 0x00, _RESETTING_CODE, fresh)
        _raise_for_value(await self._write(command))

    async def certificate_expiry(self) -> datetime | None:
        """When the X.509 certificate in 7F21 ends (UTC), None where there is none."""
        response = await self._channel.transmit(_get_data(_CERTIFICATE))
        return openpgp_data.expiry(response.data) if response.ok else None

    async def offered_key(self, use: KeyUse) -> OfferedKey | None:
        """The authentication key; None where there is none. Raises ProtocolError."""
        if use is not KeyUse.PASSCODE:
            return None
        response = await self._channel.transmit(Command(0x00, 0x47, 0x81, 0x00, _AUTHENTICATION_KEY, le=256))
        if not response.ok:
            return None
        key = public_key(response.data, await self._algorithm())
        return None if key is None else OfferedKey(key)

    async def prove(self, use: KeyUse, public_key: bytes) -> None:
        """Have the authentication key sign a fresh random challenge, after `verify`.

        ``public_key`` is the pinned key, DER SubjectPublicKeyInfo. Raises NotGenuine, or
        CardUnsupported if that key is of a kind no OpenPGP card has.
        """
        if use is not KeyUse.PASSCODE:
            raise NotGenuine("an OpenPGP card has no key that signs without the passcode")
        try:
            challenge = challenge_for(public_key)
        except ValueError as error:
            raise CardUnsupported(f"the pinned card key: {error}") from error
        response = await self._channel.transmit(Command(0x00, 0x88, data=challenge.data, le=256))
        if not response.ok or not challenge.answered_by(response.data):
            raise NotGenuine("the card did not sign with the key pinned for it", sw=response.sw)

    # -- what is answered -------------------------------------------------------------------------

    async def _write(self, command: Command) -> Response:
        self._fresh = None
        return await write(self._channel, command)

    async def _verify(self, passcode: bytes) -> None:
        self._fresh = None
        response = await self._channel.transmit(Command(0x00, 0x20, 0x00, _PW1, passcode))
        await self._raise_for_passcode(response)

    async def _verify_admin(self, admin_pin: bytes) -> None:
        self._fresh = None
        response = await self._channel.transmit(Command(0x00, 0x20, 0x00, _PW3, admin_pin))
        await self._raise_for_secret(response, Password.PW3)

    async def _raise_for_passcode(self, response: Response) -> None:
        sw = response.sw
        if sw in _LOCKED:
            raise PasscodeLocked(sw=sw)
        if _is_wrong(sw):
            left = await self._left_after(sw, Password.PW1)
            raise PasscodeLocked(sw=sw) if left == 0 else WrongPasscode(left, sw=sw)
        _raise_for_value(response)

    async def _raise_for_secret(self, response: Response, password: Password) -> None:
        sw = response.sw
        if sw in _LOCKED:
            raise UnblockSecretLocked(sw=sw)
        if _is_wrong(sw) or sw == SW.CONDITIONS_NOT_SATISFIED:
            left = await self._left_after(sw, password)
            raise UnblockSecretLocked(sw=sw) if left == 0 else WrongUnblockSecret(left, sw=sw)
        _raise_for_value(response)

    async def _left_after(self, sw: int, password: Password) -> int | None:
        """The tries left after a wrong password. That it was wrong is not lost if the card leaves now."""
        try:
            status = await self._status()
        except CardIOError:
            status = None
        if status is None:
            return sw & 0x0F if sw & 0xFFF0 == 0x63C0 else None
        lefts = (status.pw1_left, status.code_left, status.pw3_left)
        return lefts[list(Password).index(password)]

    async def _algorithm(self) -> bytes:
        if self._data.authentication_algorithm is not None:
            return self._data.authentication_algorithm
        response = await self._channel.transmit(_get_data(openpgp_data.AUTHENTICATION_ALGORITHM))
        return openpgp_data.unwrapped(openpgp_data.AUTHENTICATION_ALGORITHM, response.data)

    async def _status(self) -> PasswordStatus | None:
        if self._fresh is not None:
            return self._fresh
        response = await self._channel.transmit(_get_data(openpgp_data.PW_STATUS))
        return PasswordStatus.parse(response.data, self._data.identifier.version) if response.ok else None


def _is_wrong(sw: int) -> bool:
    return sw == SW.SECURITY_STATUS_NOT_SATISFIED or sw >> 8 == 0x63  # some answer 630x


def _raise_for_value(response: Response) -> None:
    """Anything that is not about a password being right: its length, or the card's own troubles."""
    if response.sw in _BAD_FORMAT:
        raise PasscodeRefused(sw=response.sw)
    if not response.ok:
        raise CardError(sw=response.sw)


async def _select(channel: Channel) -> bool:
    """Select the application; False if the card has none. Raises CardUnsupported if it is terminated."""
    response = await channel.transmit(Command(0x00, 0xA4, 0x04, 0x00, openpgp_data.AID, le=256))
    if response.sw == SW.WRONG_LENGTH:
        response = await channel.transmit(Command(0x00, 0xA4, 0x04, 0x00, openpgp_data.AID))
    if response.sw == _TERMINATED:
        raise CardUnsupported("an OpenPGP card that was terminated", sw=response.sw)
    return response.ok


async def _application_data(channel: Channel) -> ApplicationData | None:
    """Read 6E, and one by one what it does not tell; None if nothing tells an OpenPGP card's AID."""
    response = await channel.transmit(_get_data(openpgp_data.APPLICATION_RELATED_DATA))
    objects = openpgp_data.flatten(response.data) if response.ok else {}
    for tag in (openpgp_data.APPLICATION_IDENTIFIER, openpgp_data.PW_STATUS):
        if tag not in objects:
            response = await channel.transmit(_get_data(tag))
            objects[tag] = openpgp_data.unwrapped(tag, response.data) if response.ok else b""
        if ApplicationData.of(objects) is None:
            return None
    return ApplicationData.of(objects)


def _get_data(tag: int) -> Command:
    return Command(0x00, 0xCA, tag >> 8, tag & 0xFF, le=256)
