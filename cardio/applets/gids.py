"""The GIDS card application of Microsoft's minidriver (Generic Identity Device Specification 2.0).

It has no PUK: a new passcode is set by who has shown to know the admin key. That key is never sent; an
answer made with it is sent once for each challenge, and only for a cipher that the key is for.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import SecretBytes, SecretStr

from cardio.apdu import SW, Command, Response
from cardio.applets import gids_auth, gids_data
from cardio.applets.common import passcode_bytes, secret_accepted, write
from cardio.applets.gids_auth import AdminKey, MutualAuthentication
from cardio.card import Card, CardBase, CardId, KeyUse, PasscodeFormat, Traits
from cardio.errors import (
    CardError,
    CardUnsupported,
    NoProof,
    NotGenuine,
    PasscodeLocked,
    PasscodeRefused,
    ProtocolError,
    UnblockSecretLocked,
    WrongPasscode,
    WrongUnblockSecret,
)
from cardio.reader import Channel
from cardio.secret import SecretFormat
from cardio.tlv import Tlv, find

_FULL_AID = bytes.fromhex("A0000003974254465902") + b"\x01"
_ANY_VERSION = _FULL_AID[:9]
_PIN = 0x80
_ADMIN_KEY = bytes.fromhex("830180")  # control reference template: key 80
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
_SECRET = SecretFormat("admin key", (16, 24, 32), 24, written="hex")

_APPLICATION, _PIN_STATUS = 0x3FFF, 0x7F71
_MASTER_FILE = (0xA000, 0xDF1F)
_CARD_ID = (0xA012, 0xDF20)  # where Windows and OpenSC put it; the master file tells where it else may be

_LOCKED = (SW.AUTHENTICATION_METHOD_BLOCKED, SW.REFERENCE_DATA_NOT_USABLE)
_BAD_FORMAT = (SW.WRONG_LENGTH, SW.INCORRECT_DATA)
_NO_SUCH_COMMAND = (SW.INS_NOT_SUPPORTED, SW.CLA_NOT_SUPPORTED)
_UNCOUNTED = (SW.VERIFICATION_FAILED, SW.SECURITY_STATUS_NOT_SATISFIED)
_TELLS_NOTHING = (SW.OK, *_UNCOUNTED, *_BAD_FORMAT, SW.CONDITIONS_NOT_SATISFIED)


class GidsFamily:
    """Recognises GIDS cards."""

    @property
    def name(self) -> str:
        """As in the configuration and in every CardId: "gids"."""
        return "gids"

    @property
    def traits(self) -> Traits:
        """They prove themselves by the admin key, and by nothing else."""
        return Traits(mutual=True)

    @property
    def secret(self) -> SecretFormat:
        """An admin key: 24 bytes for 3DES; 16, 24 or 32 for AES."""
        return _SECRET

    def parse_id(self, text: str) -> CardId:
        """Read card-id:HEX, HEX (32 digits) or the same as a UUID. Raises ValueError."""
        return CardId("gids", "card-id", gids_data.parse_number(text))

    def check_key(self, use: KeyUse, public_key: bytes) -> None:
        """Raises ValueError: no GIDS card is known by a public key."""
        raise ValueError("GIDS cards prove themselves by their admin key")

    async def open(self, channel: Channel) -> Card | None:
        """Select the application and read the card identifier; None if the card is not GIDS.

        Raises CardUnsupported if it is, but has no identifier that can be its own.
        """
        if not await _select(channel):
            return None
        response = await channel.transmit(_get_data(*_CARD_ID))
        if response.sw in _NO_SUCH_COMMAND:  # a card that says yes to every SELECT
            return None
        found = gids_data.number(find(response.data, _CARD_ID[1]) if response.ok else None)
        found = found or await _number_elsewhere(channel)
        if found is None:
            raise CardUnsupported("a GIDS card without a card identifier", sw=response.sw)
        return GidsApplication(channel, CardId("gids", "card-id", found))


class GidsApplication(CardBase):
    """A selected, identified GIDS card in an open session; implements `cardio.card.Card`."""

    def __init__(self, channel: Channel, card_id: CardId) -> None:
        self._channel = channel
        self._id = card_id
        self._administrator = False  # whether this session may set a new passcode already

    @property
    def id(self) -> CardId:
        """Family, kind and serial."""
        return self._id

    @property
    def passcode_format(self) -> PasscodeFormat:
        """4 to 16 printable ASCII characters."""
        return PasscodeFormat(4, 16, _PRINTABLE)

    async def tries_left(self) -> int | None:
        """Passcode tries left, 0 = locked, None where the card does not tell. Spends no try."""
        sw = (await self._channel.transmit(Command(0x00, 0x20, 0x00, _PIN))).sw
        if sw & 0xFFF0 == 0x63C0:
            return sw & 0x0F
        if sw in _LOCKED:
            return 0
        if sw not in _TELLS_NOTHING:
            raise CardUnsupported(sw=sw)
        status = await self._channel.transmit(_get_data(_APPLICATION, _PIN_STATUS))
        return gids_data.tries(status.data) if status.ok else None

    async def verify(self, passcode: SecretStr) -> None:
        """Check the passcode. Raises WrongPasscode, PasscodeLocked, PasscodeRefused (nothing sent)."""
        await self._verify(self._coded(passcode))

    async def change_passcode(self, present: SecretStr, new: SecretStr) -> None:
        """Replace a known passcode. Raises as `verify`, and OutcomeUnknown.

        The present one is verified first: the two go over in one piece without padding, and the card
        cuts off as much as its own passcode is long. Of a present one that only begins like it, the
        rest would become part of the new one.
        """
        old, fresh = self._coded(present), self._coded(new)
        await self._verify(old)
        command = Command(0x00, 0x24, 0x00, _PIN, old + fresh)
        await self._raise_for_passcode(await write(self._channel, command))

    async def reset_passcode(self, secret: SecretBytes, new: SecretStr) -> None:
        """Set a new passcode, after the admin key's authentication unless this session has had it.

        Raises WrongUnblockSecret (``sw`` 0 where the key is none for this card and nothing was made
        with it), UnblockSecretLocked, PasscodeRefused, OutcomeUnknown.
        """
        fresh = self._coded(new)
        if not self._administrator:
            await self._authenticate(secret)
        self._administrator = False  # cards end it with the command, whatever comes of it
        with secret_accepted():
            response = await write(self._channel, Command(0x00, 0x2C, 0x02, _PIN, fresh))
            if response.sw in _BAD_FORMAT:
                raise PasscodeRefused(sw=response.sw)
            if not response.ok:
                raise CardError(sw=response.sw)

    async def certificate_expiry(self) -> datetime | None:
        """When the certificate of the default container ends (UTC), None where there is none.

        Two commands, three where the card has several certificates. Raises ProtocolError.
        """
        listing = await _object(self._channel, *_MASTER_FILE)
        records = () if listing is None else gids_data.master_file(listing)
        found = gids_data.certificates(records)
        if not found:
            return None
        default = None
        container_map = gids_data.find_file(records, "mscp", "cmapfile")
        if len(found) > 1 and container_map is not None:
            content = await _object(self._channel, container_map.file, container_map.tag)
            default = gids_data.default_container(content or b"")
        wanted = gids_data.chosen(found, default)
        certificate = await _object(self._channel, wanted.file, wanted.tag)
        return gids_data.expiry(certificate) if certificate else None

    async def prove_by_secret(self, secret: SecretBytes) -> None:
        """Mutual authentication with the admin key; a new passcode can then be set in this session.

        Raises NoProof where the card knows no such authentication; NotGenuine where its cryptogram is
        not the key's, or its answers are none of GIDS; WrongUnblockSecret where it refuses our cryptogram
        (``sw`` 0 where the key is none for this card and nothing was made with it); UnblockSecretLocked.
        """
        try:
            key, _ = await self._challenged(secret)
            run = MutualAuthentication(key)
            theirs = gids_auth.challenge((await self._prepare(_authenticate(run.opening()))).data)
            response = await self._channel.transmit(_authenticate(run.answer(theirs)))
        except CardUnsupported as error:
            raise NoProof(f"no mutual authentication: {error}", sw=error.sw) from error
        except ProtocolError as error:
            raise NotGenuine(f"no mutual authentication: {error}", sw=error.sw) from error
        _raise_for_admin_key(response)
        if not run.proven_by(response.data):
            raise NotGenuine("the card does not know its admin key", sw=response.sw)
        self._administrator = True

    async def _authenticate(self, secret: SecretBytes) -> None:
        """External authentication: answer one challenge of the card."""
        key, challenge = await self._challenged(secret)
        command = Command(0x00, 0x87, data=key.answer(challenge))
        _raise_for_admin_key(await write(self._channel, command))

    async def _challenged(self, secret: SecretBytes) -> tuple[AdminKey, bytes]:
        """Select the admin key, and take a challenge: what it was made for says the cipher."""
        if not _SECRET.accepts(secret):
            raise WrongUnblockSecret(None)
        await self._prepare(Command(0x00, 0x22, 0xC1, 0xA4, _ADMIN_KEY))
        challenge = gids_auth.challenge((await self._prepare(_authenticate(gids_auth.REQUEST))).data)
        key = AdminKey.fitting(secret, challenge)
        if key is None:
            raise WrongUnblockSecret(None)
        return key, challenge

    async def _prepare(self, command: Command) -> Response:
        """A step of authentication before anything is made with the key."""
        response = await self._channel.transmit(command)
        if response.sw == SW.AUTHENTICATION_METHOD_BLOCKED:
            raise UnblockSecretLocked(sw=response.sw)
        if not response.ok:
            raise CardUnsupported(f"no admin key authentication: {response.sw:04X}", sw=response.sw)
        return response

    async def _verify(self, passcode: bytes) -> None:
        response = await self._channel.transmit(Command(0x00, 0x20, 0x00, _PIN, passcode))
        await self._raise_for_passcode(response)

    def _coded(self, passcode: SecretStr) -> bytes:
        return passcode_bytes(passcode, self.passcode_format)

    async def _raise_for_passcode(self, response: Response) -> None:
        sw = response.sw
        if sw == SW.OK:
            return
        if sw in _LOCKED or sw == 0x63C0:
            raise PasscodeLocked(sw=sw)
        if sw & 0xFFF0 == 0x63C0:
            raise WrongPasscode(sw & 0x0F, sw=sw)
        if sw in _UNCOUNTED:  # wrong or locked: ask
            left = await self.tries_left()
            raise PasscodeLocked(sw=sw) if left == 0 else WrongPasscode(left, sw=sw)
        if sw in _BAD_FORMAT:
            raise PasscodeRefused(sw=sw)
        raise CardError(sw=sw)


def _raise_for_admin_key(response: Response) -> None:
    """Anything but 9000 is a refusal of the key: to learn what else it may mean could cost another try."""
    sw = response.sw
    if sw == SW.OK:
        return
    if sw in (SW.AUTHENTICATION_METHOD_BLOCKED, 0x63C0):
        raise UnblockSecretLocked(sw=sw)
    raise WrongUnblockSecret(sw & 0x0F if sw & 0xFFF0 == 0x63C0 else None, sw=sw)


async def _select(channel: Channel) -> bool:
    """Select GIDS in the forms cards accept; False if the card knows none of them."""
    response = await channel.transmit(_select_command(_FULL_AID, le=256))
    if response.sw == SW.WRONG_LENGTH:
        response = await channel.transmit(_select_command(_FULL_AID, le=None))
    if not response.ok and response.sw not in _NO_SUCH_COMMAND:
        response = await channel.transmit(_select_command(_ANY_VERSION, le=256))
    return response.ok


def _select_command(aid: bytes, *, le: int | None) -> Command:
    return Command(0x00, 0xA4, 0x04, 0x00, aid, le)


def _get_data(file: int, tag: int) -> Command:
    return Command(0x00, 0xCB, file >> 8, file & 0xFF, Tlv(0x5C, tag.to_bytes(2, "big")).encode(), le=256)


def _authenticate(template: bytes) -> Command:
    return Command(0x00, 0x87, data=template, le=256)


async def _object(channel: Channel, file: int, tag: int) -> bytes | None:
    response = await channel.transmit(_get_data(file, tag))
    return find(response.data, tag) if response.ok else None


async def _number_elsewhere(channel: Channel) -> str | None:
    """The card identifier from where the master file says it is."""
    listing = await _object(channel, *_MASTER_FILE)
    try:
        records = gids_data.master_file(listing or b"")
    except ProtocolError:
        return None
    record = gids_data.find_file(records, "", "cardid")
    if record is None or (record.file, record.tag) == _CARD_ID:
        return None
    return gids_data.number(await _object(channel, record.file, record.tag))
