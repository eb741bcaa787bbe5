"""The PIV card application (NIST SP 800-73-4 part 2), as cards in the field really behave.

A status word becomes a typed error here and nowhere else. An identification takes SELECT, the CHUID
and at most the serial number; whatever costs a try is sent once, and only in a format no card refuses.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import SecretBytes, SecretStr

from cardio.apdu import SW, Command, Response
from cardio.applets import piv_data
from cardio.applets.common import passcode_bytes, write
from cardio.applets.piv_proof import challenge_for
from cardio.card import Card, CardBase, CardId, KeyUse, OfferedKey, PasscodeFormat, Traits
from cardio.errors import (
    CardError,
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
from cardio.tlv import Tlv, find

_SHORT_AID = bytes.fromhex("A000000308")
_FULL_AID = bytes.fromhex("A000000308000010000100")
_PIN, _PUK = 0x80, 0x81
_REFERENCE_LENGTH = 8
_CHUID, _CERTIFICATE_9A = 0x5FC102, 0x5FC105
_KEYS = {KeyUse.FREE: (0x9E, 0x5FC101), KeyUse.PASSCODE: (0x9A, _CERTIFICATE_9A)}  # slot, certificate

_LOCKED = (SW.AUTHENTICATION_METHOD_BLOCKED, SW.REFERENCE_DATA_NOT_USABLE)
_BAD_FORMAT = (SW.WRONG_LENGTH, SW.INCORRECT_DATA)
_NO_SUCH_COMMAND = (SW.INS_NOT_SUPPORTED, SW.CLA_NOT_SUPPORTED)
_WRONG_PUK_UNCOUNTED = (SW.SECURITY_STATUS_NOT_SATISFIED, SW.CONDITIONS_NOT_SATISFIED)


class PivFamily:
    """Recognises PIV cards."""

    @property
    def name(self) -> str:
        """As in the configuration and in every CardId: "piv"."""
        return "piv"

    @property
    def traits(self) -> Traits:
        """Keys 9E (free) and 9A (after the PIN); a PUK that changes itself."""
        return Traits(key_uses=(KeyUse.FREE, KeyUse.PASSCODE), replaceable=True)

    @property
    def secret(self) -> SecretFormat:
        """A PUK has 8 bytes (SP 800-73-4 part 2, 2.4.3)."""
        return SecretFormat("PUK", (_REFERENCE_LENGTH,), _REFERENCE_LENGTH)

    def parse_id(self, text: str) -> CardId:
        """Read guid:HEX, fasc-n:HEX, yubikey-serial:DIGITS, or a plain card UUID. Raises ValueError."""
        return CardId("piv", *piv_data.parse_number(text))

    def check_key(self, use: KeyUse, public_key: bytes) -> None:
        """Raises ValueError for what is no key of a PIV card (DER): see `piv_proof.challenge_for`."""
        challenge_for(public_key)

    async def open(self, channel: Channel) -> Card | None:
        """Select the application and read the identity; None if the card is not PIV.

        Raises CardUnsupported if it is, but names itself in no way that can be trusted to be its own.
        """
        if not await _select(channel):
            return None
        chuid = await channel.transmit(_get_data(_CHUID))
        if chuid.sw in _NO_SUCH_COMMAND:  # a card that says yes to every SELECT
            return None
        found = piv_data.identity(find(chuid.data, 0x53) or b"") if chuid.ok else None
        found = found or await _yubikey_serial(channel)
        if found is None:
            raise CardUnsupported("a PIV card without card UUID, FASC-N or serial number", sw=chuid.sw)
        return PivApplication(channel, CardId("piv", *found))


class PivApplication(CardBase):
    """A selected, identified PIV card in an open session; implements `cardio.card.Card`."""

    def __init__(self, channel: Channel, card_id: CardId) -> None:
        self._channel = channel
        self._id = card_id

    @property
    def id(self) -> CardId:
        """Family, kind and serial."""
        return self._id

    @property
    def passcode_format(self) -> PasscodeFormat:
        """6 to 8 digits (SP 800-73-4 part 2, 2.4.3)."""
        return PasscodeFormat()

    async def tries_left(self) -> int | None:
        """Passcode tries left, 0 = locked, None where the card does not tell. Spends no try."""
        sw = (await self._channel.transmit(Command(0x00, 0x20, 0x00, _PIN))).sw
        if sw & 0xFFF0 == 0x63C0:
            return sw & 0x0F
        if sw in _LOCKED:
            return 0
        if sw in (SW.OK, SW.VERIFICATION_FAILED, SW.SECURITY_STATUS_NOT_SATISFIED):
            return await self._metadata_tries(_PIN)  # verified or uninitialised, or a card without a count
        raise CardUnsupported(sw=sw)

    async def verify(self, passcode: SecretStr) -> None:
        """Check the passcode. Raises WrongPasscode, PasscodeLocked, PasscodeRefused (nothing sent)."""
        response = await self._channel.transmit(Command(0x00, 0x20, 0x00, _PIN, self._padded(passcode)))
        await self._raise_for_passcode(response)

    async def change_passcode(self, present: SecretStr, new: SecretStr) -> None:
        """Replace a known passcode. Raises as `verify`, and OutcomeUnknown."""
        data = self._padded(present) + self._padded(new)
        response = await write(self._channel, Command(0x00, 0x24, 0x00, _PIN, data))
        await self._raise_for_passcode(response)

    async def reset_passcode(self, secret: SecretBytes, new: SecretStr) -> None:
        """Set a new passcode with the PUK; the passcode is not verified afterwards.

        Raises WrongUnblockSecret (``sw`` 0 where the PUK is none and was not sent),
        UnblockSecretLocked, PasscodeRefused, OutcomeUnknown.
        """
        data = _padded_puk(secret) + self._padded(new)
        _raise_for_puk(await write(self._channel, Command(0x00, 0x2C, 0x00, _PIN, data)))

    async def check_secret(self, secret: SecretBytes) -> None:
        """Change the PUK into itself: it costs a try if it is wrong, and nothing changes.

        Raises WrongUnblockSecret, UnblockSecretLocked.
        """
        puk = _padded_puk(secret)
        _raise_for_puk(await self._channel.transmit(Command(0x00, 0x24, 0x00, _PUK, puk + puk)))

    async def replace_secret(self, authority: SecretBytes, new: SecretBytes) -> None:
        """Change the PUK (CHANGE REFERENCE DATA, SP 800-73-4 part 2, 3.2.2).

        Raises WrongUnblockSecret, UnblockSecretLocked, OutcomeUnknown.
        """
        data = _padded_puk(authority) + _padded_puk(new)
        _raise_for_puk(await write(self._channel, Command(0x00, 0x24, 0x00, _PUK, data)))

    async def unblock_tries_left(self) -> int | None:
        """Tries left of the PUK, from GET METADATA; None where the card has no such command."""
        return await self._metadata_tries(_PUK)

    async def certificate_expiry(self) -> datetime | None:
        """When the certificate in 9A ends (UTC), None where there is none. Raises ProtocolError."""
        content = await self._object(_CERTIFICATE_9A)
        return None if content is None else piv_data.expiry(content)

    async def offered_key(self, use: KeyUse) -> OfferedKey | None:
        """Key 9E or 9A with its certificate, else from GET METADATA; None where there is none.

        Raises ProtocolError.
        """
        slot, certificate = _KEYS[use]
        content = await self._object(certificate)
        offered = None if content is None else piv_data.certified_key(content)
        if offered is not None:
            return OfferedKey(*offered)
        metadata = await self._channel.transmit(_get_metadata(slot))
        key = piv_data.metadata_key(metadata.data) if metadata.ok else None
        return None if key is None else OfferedKey(key)

    async def prove(self, use: KeyUse, public_key: bytes) -> None:
        """Have key 9E (needs no passcode) or 9A (after it) sign a fresh random challenge.

        ``public_key`` is the pinned key, DER SubjectPublicKeyInfo. Raises NotGenuine, or
        CardUnsupported if that key is of a kind no PIV card has.
        """
        try:
            challenge = challenge_for(public_key)
        except ValueError as error:
            raise CardUnsupported(f"the pinned card key: {error}") from error
        slot = _KEYS[use][0]
        command = Command(0x00, 0x87, challenge.algorithm, slot, challenge.template(), le=256)
        response = await self._channel.transmit(command)
        if not response.ok or not challenge.answered_by(response.data):
            raise NotGenuine("the card did not sign with the key pinned for it", sw=response.sw)

    def _padded(self, passcode: SecretStr) -> bytes:
        return passcode_bytes(passcode, self.passcode_format).ljust(_REFERENCE_LENGTH, b"\xff")

    async def _raise_for_passcode(self, response: Response) -> None:
        sw = response.sw
        if sw == SW.OK:
            return
        if sw in _LOCKED or sw == 0x63C0:
            raise PasscodeLocked(sw=sw)
        if sw & 0xFFF0 == 0x63C0:
            raise WrongPasscode(sw & 0x0F, sw=sw)
        if sw in (SW.VERIFICATION_FAILED, SW.SECURITY_STATUS_NOT_SATISFIED):  # wrong or locked: ask
            left = await self.tries_left()
            raise PasscodeLocked(sw=sw) if left == 0 else WrongPasscode(left, sw=sw)
        if sw in _BAD_FORMAT:
            raise PasscodeRefused(sw=sw)
        raise CardError(sw=sw)

    async def _metadata_tries(self, reference: int) -> int | None:
        response = await self._channel.transmit(_get_metadata(reference))
        return piv_data.metadata_tries(response.data) if response.ok else None

    async def _object(self, tag: int) -> bytes | None:
        response = await self._channel.transmit(_get_data(tag))
        return find(response.data, 0x53) if response.ok else None


def _padded_puk(secret: SecretBytes) -> bytes:
    puk = secret.get_secret_value()
    if not 0 < len(puk) <= _REFERENCE_LENGTH:
        raise WrongUnblockSecret(None)
    return puk.ljust(_REFERENCE_LENGTH, b"\xff")


def _raise_for_puk(response: Response) -> None:
    sw = response.sw
    if sw == SW.OK:
        return
    if sw in _LOCKED or sw == 0x63C0:
        raise UnblockSecretLocked(sw=sw)
    if sw & 0xFFF0 == 0x63C0:
        raise WrongUnblockSecret(sw & 0x0F, sw=sw)
    if sw == SW.VERIFICATION_FAILED or sw in _WRONG_PUK_UNCOUNTED:
        raise WrongUnblockSecret(None, sw=sw)
    if sw in _BAD_FORMAT:
        raise PasscodeRefused(sw=sw)
    raise CardError(sw=sw)


async def _select(channel: Channel) -> bool:
    """Select PIV in the forms cards accept; False if the card knows none of them."""
    response = await channel.transmit(_select_command(_SHORT_AID, le=256))
    if response.sw == SW.WRONG_LENGTH:
        response = await channel.transmit(_select_command(_SHORT_AID, le=None))
    if not response.ok and response.sw not in _NO_SUCH_COMMAND:
        response = await channel.transmit(_select_command(_FULL_AID, le=256))
    return response.ok


def _select_command(aid: bytes, *, le: int | None) -> Command:
    return Command(0x00, 0xA4, 0x04, 0x00, aid, le)


def _get_data(tag: int) -> Command:
    return Command(0x00, 0xCB, 0x3F, 0xFF, Tlv(0x5C, tag.to_bytes(3, "big")).encode(), le=256)


def _get_metadata(reference: int) -> Command:
    return Command(0x00, 0xF7, 0x00, reference, le=256)


async def _yubikey_serial(channel: Channel) -> tuple[str, str] | None:
    response = await channel.transmit(Command(0x00, 0xF8, le=256))
    if not response.ok or len(response.data) != 4:
        return None
    serial = int.from_bytes(response.data, "big")
    return ("yubikey-serial", str(serial)) if serial else None
