"""Cards that a site describes in a profile: the commands of ISO 7816-4 and nothing else.

A status word becomes a typed error here and nowhere else. Whatever the profile does not call safe is
not sent: a card whose tries cannot be read says them only in its answer to a wrong passcode.
"""

from __future__ import annotations

from pydantic import SecretBytes, SecretStr

from cardio.apdu import SW, Command, Response
from cardio.applets.common import passcode_bytes, secret_accepted, write
from cardio.applets.iso7816_data import is_serial, read, serial
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
from cardio.profile import PasscodeRules, Profile, PukRules
from cardio.reader import Channel
from cardio.secret import SecretFormat

_VERIFY, _CHANGE, _RESET = 0x20, 0x24, 0x2C
_MOST_TRIES = 15
_NO_SUCH_COMMAND = (SW.INS_NOT_SUPPORTED, SW.CLA_NOT_SUPPORTED)


class ProfileFamily:
    """Recognises the cards of one profile."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    @property
    def name(self) -> str:
        """The profile's name."""
        return self._profile.name

    @property
    def traits(self) -> Traits:
        """No keys; a PUK that can be replaced where the profile says so."""
        puk = self._profile.puk
        return Traits(replaceable=puk.replaceable, counter_settles=puk.reset_p1 != 1)

    @property
    def secret(self) -> SecretFormat:
        """The PUK, as the profile has it."""
        return self._profile.puk.format

    def parse_id(self, text: str) -> CardId:
        """Read "KIND:SERIAL" or the serial alone. Raises ValueError."""
        kind, colon, number = text.rpartition(":")
        number = number.strip().upper()
        if (colon and kind.strip().lower() != self._profile.kind) or not is_serial(
            number, self._profile.written
        ):
            wanted = {"hex": "bytes in hexadecimal", "bcd": "decimal digits", "ascii": "letters and digits"}
            raise ValueError(
                f"is not the number of such a card: {self._profile.kind}:{wanted[self._profile.written]}"
            )
        return CardId(self.name, self._profile.kind, number)

    def check_key(self, use: KeyUse, public_key: bytes) -> None:
        """Raises ValueError: a profile knows no keys."""
        raise ValueError("a card of a profile holds no key that it could prove")

    async def open(self, channel: Channel) -> Card | None:
        """Select the application and read the serial number; None if the card is another one.

        Raises CardUnsupported if the application is there, but no serial number.
        """
        source = self._profile.serial
        try:
            value = await read(channel, source) if source.absolute else b""
        except CardError:
            return None
        if not (await channel.transmit(self._select())).ok:
            return None
        try:
            value = value or await read(channel, source)
        except CardError as error:
            if error.sw in _NO_SUCH_COMMAND:  # a card that says yes to every SELECT
                return None
            raise CardUnsupported(f"no serial number: {error}", sw=error.sw) from None
        found = serial(value, self._profile.written)
        if found is None:
            raise CardUnsupported("no serial number: what is there names no single card")
        return ProfileApplication(channel, CardId(self.name, self._profile.kind, found), self._profile)

    def _select(self) -> Command:
        profile = self._profile
        return Command(0x00, 0xA4, 0x04, profile.select_p2, profile.aid, 256 if profile.select_le else None)


class ProfileApplication(CardBase):
    """A selected, identified card of a profile in an open session; implements `cardio.card.Card`."""

    def __init__(self, channel: Channel, card_id: CardId, profile: Profile) -> None:
        self._channel = channel
        self._id = card_id
        self._profile = profile

    @property
    def id(self) -> CardId:
        """Family, kind and serial."""
        return self._id

    @property
    def passcode_format(self) -> PasscodeFormat:
        """As the profile has it."""
        return self._profile.passcode.format

    async def tries_left(self) -> int | None:
        """Passcode tries left, 0 = locked, None where the profile knows no way to ask that costs none."""
        return await self._ask(self._profile.passcode)

    async def verify(self, passcode: SecretStr) -> None:
        """Check the passcode. Raises WrongPasscode, PasscodeLocked, PasscodeRefused (nothing sent)."""
        command = self._command(_VERIFY, 0, self._passcode(passcode))
        await self._raise_for_passcode(await self._channel.transmit(command))

    async def change_passcode(self, present: SecretStr, new: SecretStr) -> None:
        """Replace a known passcode. Raises as `verify`, and OutcomeUnknown."""
        old, fresh = self._passcode(present), self._passcode(new)
        if self._profile.passcode.change_p1 == 0:
            response = await write(self._channel, self._command(_CHANGE, 0, old + fresh))
            await self._raise_for_passcode(response)
        else:
            await self.verify(present)
            with secret_accepted():
                self._raise_for_new(await write(self._channel, self._command(_CHANGE, 1, fresh)))

    async def reset_passcode(self, secret: SecretBytes, new: SecretStr) -> None:
        """Set a new passcode with the PUK; the passcode is not verified afterwards.

        Raises WrongUnblockSecret (``sw`` 0 where the PUK is none and was not sent),
        UnblockSecretLocked, PasscodeRefused, OutcomeUnknown.
        """
        puk, fresh = self._puk(secret), self._passcode(new)
        form = self._profile.puk.reset_p1
        if form == 0:
            _raise_for_puk(await write(self._channel, self._reset(0, puk + fresh)), self._profile.puk)
        elif form == 1:
            _raise_for_puk_alone(await write(self._channel, self._reset(1, puk)), self._profile.puk)
            self._raise_for_new(await write(self._channel, self._command(_CHANGE, 1, fresh)))
        else:
            verify = self._puk_command(_VERIFY, puk)
            _raise_for_puk_alone(await write(self._channel, verify), self._profile.puk)
            with secret_accepted():
                self._raise_for_new(await write(self._channel, self._reset(2, fresh)))

    async def check_secret(self, secret: SecretBytes) -> None:
        """Change the PUK into itself: a wrong one costs a try, a right one changes nothing.

        Raises WrongUnblockSecret, UnblockSecretLocked, CardUnsupported.
        """
        if not self._profile.puk.replaceable:
            await super().check_secret(secret)
        puk = self._puk(secret)
        command = self._puk_command(_CHANGE, puk + puk)
        _raise_for_puk_alone(await self._channel.transmit(command), self._profile.puk)

    async def replace_secret(self, authority: SecretBytes, new: SecretBytes) -> None:
        """Change the PUK. Raises WrongUnblockSecret, UnblockSecretLocked, OutcomeUnknown, CardUnsupported."""
        if not self._profile.puk.replaceable:
            await super().replace_secret(authority, new)
        command = self._puk_command(_CHANGE, self._puk(authority) + self._puk(new))
        _raise_for_puk_alone(await write(self._channel, command), self._profile.puk)

    async def unblock_tries_left(self) -> int | None:
        """Tries left of the PUK, None where the profile knows no way to ask that costs none."""
        return await self._ask(self._profile.puk)

    # -- commands -------------------------------------------------------------------------------

    def _passcode(self, passcode: SecretStr) -> bytes:
        rules = self._profile.passcode
        return rules.coding.encode(passcode_bytes(passcode, rules.format))

    def _puk(self, secret: SecretBytes) -> bytes:
        rules = self._profile.puk
        if not rules.format.accepts(secret):
            raise WrongUnblockSecret(None)
        return rules.coding.encode(secret.get_secret_value())

    def _command(self, ins: int, p1: int, data: bytes) -> Command:
        return Command(0x00, ins, p1, self._profile.passcode.reference, data)

    def _puk_command(self, ins: int, data: bytes) -> Command:
        reference = self._profile.puk.reference
        assert reference is not None, "the profile was checked for it"  # noqa: S101
        return Command(0x00, ins, 0x00, reference, data)

    def _reset(self, p1: int, data: bytes) -> Command:
        reference = self._profile.puk.reset_reference
        return Command(
            0x00, _RESET, p1, self._profile.passcode.reference if reference is None else reference, data
        )

    # -- answers --------------------------------------------------------------------------------

    async def _ask(self, rules: PasscodeRules | PukRules) -> int | None:
        """The tries left, by the way that the profile calls safe; None where there is none."""
        if rules.tries is not None:
            try:
                count = (await read(self._channel, rules.tries))[0]
            except CardError:
                return None
            return count if count <= _MOST_TRIES else None
        if not rules.status_query or rules.reference is None:
            return None
        sw = (await self._channel.transmit(Command(rules.status_cla, _VERIFY, 0, rules.reference))).sw
        if sw & 0xFFF0 == 0x63C0:
            return sw & 0x0F
        return 0 if sw in rules.answers.locked else None  # 9000: verified, or never initialised

    async def _raise_for_passcode(self, response: Response) -> None:
        sw, answers = response.sw, self._profile.passcode.answers
        if sw == SW.OK:
            return
        if sw in answers.locked or sw == 0x63C0:
            raise PasscodeLocked(sw=sw)
        if sw & 0xFFF0 == 0x63C0:
            raise WrongPasscode(sw & 0x0F, sw=sw)
        if sw in answers.wrong:
            left = await self.tries_left()
            raise PasscodeLocked(sw=sw) if left == 0 else WrongPasscode(left, sw=sw)
        self._raise_for_new(response)

    def _raise_for_new(self, response: Response) -> None:
        """For a command that held nothing to compare, or whose answer is none of those for a wrong value."""
        if response.ok:
            return
        if response.sw in self._profile.passcode.answers.bad_format:
            raise PasscodeRefused(sw=response.sw)
        raise CardError(sw=response.sw)


def _raise_for_puk(response: Response, rules: PukRules) -> None:
    """For the command that holds PUK and new passcode: a refused format is taken for the passcode's."""
    if response.sw in rules.answers.bad_format:
        raise PasscodeRefused(sw=response.sw)
    _raise_for_puk_alone(response, rules)


def _raise_for_puk_alone(response: Response, rules: PukRules) -> None:
    sw, answers = response.sw, rules.answers
    if sw == SW.OK:
        return
    if sw in answers.locked or sw == 0x63C0:
        raise UnblockSecretLocked(sw=sw)
    if sw & 0xFFF0 == 0x63C0:
        raise WrongUnblockSecret(sw & 0x0F, sw=sw)
    if sw in answers.wrong or sw in answers.bad_format:  # a format that this card may have counted
        raise WrongUnblockSecret(None, sw=sw)
    raise CardError(sw=sw)
