"""A virtual GIDS card (Generic Identity Device Specification 2.0) with true counters and files.

It does what the applet of Vincent Le Toux does, which OpenSC is written for, also where that is
peculiar; what other cards do is in `gids_state.Quirks`. It signs and deciphers nothing.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from cardio.apdu import SW, Command, Response
from cardio.errors import ProtocolError
from cardio.tlv import Tlv, find, parse
from cardio.virtual import gids_files
from cardio.virtual.card import CardApplication
from cardio.virtual.gids_admin import AdminKey, CipherName
from cardio.virtual.gids_files import File
from cardio.virtual.gids_state import GidsState, Quirks
from cardio.virtual.piv_keys import Algorithm, CardKey
from cardio.virtual.reference import Reference

GIDS_ATR = bytes.fromhex("3B8D80018073C021C0574749445320417081")
ADMIN_KEY = bytes.fromhex("010203040506070801020304050607080102030405060708")
_PIN, _ADMINISTRATOR_LEAVES = 0x80, 0x82
_PIN_LENGTHS = range(4, 17)
_APPLICATION, _KEY_FILE = 0x3FFF, 0xB080
_PIN_STATUS, _NEW_KEY = 0x7F71, 0x70
_KEY_BITS = {Algorithm.RSA_2048: 2048, Algorithm.ECC_P256: 256, Algorithm.ECC_P384: 384}
_OK = Response(b"", SW.OK)
_NOT_FOUND = Response(b"", SW.REFERENCED_DATA_NOT_FOUND)
_BAD_DATA = Response(b"", SW.REFERENCE_DATA_NOT_USABLE)  # Java Card's SW_DATA_INVALID
_BAD_P1_P2 = Response(b"", SW.INCORRECT_P1_P2)
_NOT_SATISFIED = Response(b"", SW.SECURITY_STATUS_NOT_SATISFIED)
_NOT_ALLOWED = Response(b"", SW.COMMAND_NOT_ALLOWED)


class GidsCard(CardApplication):
    """One virtual GIDS card.

    ``card_id`` is the content of the file cardid, random by default. ``admin_tries`` None makes a card
    that counts no wrong answers with the admin key, as most do. ``sign_in`` is the algorithm of the
    key in the one container, None for a card without. ``initialised`` False makes one as it leaves the
    factory: without files and secrets. Raises ValueError for secrets it could not hold.
    """

    def __init__(
        self,
        *,
        pin: str = "123456",
        admin_key: bytes = ADMIN_KEY,
        cipher: CipherName = "3des",
        tries: int = 3,
        pin_tries_left: int | None = None,
        admin_tries: int | None = None,
        admin_tries_left: int | None = None,
        mutual: bool = True,
        card_id: bytes | None = None,
        sign_in: Algorithm | None = Algorithm.ECC_P256,
        expires: datetime | None = None,
        name: str = "Virtual card",
        initialised: bool = True,
        quirks: Quirks | None = None,
        atr: bytes = GIDS_ATR,
    ) -> None:
        self._quirks = quirks or Quirks()
        self.aid = bytes.fromhex("A00000039742544659") + bytes([self._quirks.version, 0x01])
        self._pin = _reference(pin, tries, pin_tries_left)
        refusal = self._quirks.admin_refusal
        self._admin = AdminKey(cipher, admin_key, admin_tries, admin_tries_left, refusal, mutual)
        self._initialised = initialised
        self._verified = False
        self._files: dict[int, File] = {}
        self._current = _APPLICATION
        if initialised:
            certificate = None if sign_in is None else _certificate(sign_in, name, expires)
            number = secrets.token_bytes(16) if card_id is None else card_id
            self._files = gids_files.formatted(number, certificate, _KEY_BITS[sign_in] if sign_in else 0)
            self._files[_KEY_FILE] = File(write=0x20, read=0xFF, key=True)
        super().__init__(atr)

    def state(self) -> GidsState:
        """Return what is inside: counters, who is authenticated, the passcode and the admin key."""
        return GidsState(
            self._pin.left,
            self._admin.left,
            self._verified,
            self._admin.authenticated,
            self._initialised,
            self._pin.text,
            self._admin.value,
        )

    def content(self, file: int, tag: int) -> bytes | None:
        """An object as it is inside the card, None where there is none."""
        return self._files[file].objects.get(tag) if file in self._files else None

    def lock(self) -> None:
        """Bring the passcode's counter to zero, as wrong entries would."""
        self._pin.left, self._verified = 0, False

    def reset(self) -> None:
        """Clear the security status."""
        self._verified, self._current = False, _APPLICATION
        self._admin.forget()

    def select_response(self) -> bytes:
        """The application template: the whole AID, and which cryptographic mechanisms there are."""
        if self._quirks.empty_select_response:
            return b""
        return Tlv.of(0x61, [Tlv(0x4F, self.aid), Tlv.of(0x73, [Tlv(0x40, b"\xc0")])]).encode()

    def _select(self, command: Command) -> Response:
        if self._quirks.select_refuses_le and command.le is not None:
            return Response(b"", SW.WRONG_LENGTH)
        if command.p1 != 0x00 or not self._selected:
            return super()._select(command)
        identifier = int.from_bytes(command.data, "big")
        if identifier != _APPLICATION and identifier not in self._files:
            return Response(b"", SW.NOT_FOUND)
        self._current = identifier
        return _OK

    def process(self, command: Command) -> Response:
        """Answer one command to the GIDS application."""
        handler = {
            0x20: self._verify,
            0x22: self._manage_security_environment,
            0x24: self._change_reference_data,
            0x2C: self._reset_retry_counter,
            0x44: self._activate_file,
            0x87: self._general_authenticate,
            0xCB: self._get_data,
            0xDB: self._put_data,
            0xE0: self._create_file,
            0xE4: self._delete_file,
        }.get(command.ins)
        try:
            return handler(command) if handler else Response(b"", SW.INS_NOT_SUPPORTED)
        except ProtocolError:  # command data that are no data objects
            return _BAD_DATA

    # -- the passcode ---------------------------------------------------------------------------

    def _verify(self, command: Command) -> Response:
        if command.p1 != 0:
            return _BAD_P1_P2
        if command.p2 == _ADMINISTRATOR_LEAVES:
            self.reset()
            return _OK
        if command.p2 != _PIN:
            return _NOT_FOUND
        if not command.data:
            return Response(b"", self._status())
        self._verified = False
        if refusal := self._check(command.data):
            return refusal
        self._verified = True
        return _OK

    def _status(self) -> int:
        if self._quirks.mute_status is not None:
            return self._quirks.mute_status
        if not self._pin.left:
            return self._quirks.locked
        known = not self._initialised or (self._verified and self._quirks.says_verified)
        return SW.OK if known else 0x63C0 | self._pin.left

    def _change_reference_data(self, command: Command) -> Response:
        """P1 = 01: a new passcode alone, of a new card or after the old one; 00: the old one before it."""
        if command.p2 != _PIN:
            return _NOT_FOUND
        new = command.data
        if command.p1 == 0x00:
            self._verified = False
            length = len(self._pin.value)  # what comes after it is the new one, whatever was meant
            present, new = command.data[:length], command.data[length:]
            if refusal := self._check(present):
                return refusal
        elif command.p1 != 0x01:
            return _BAD_P1_P2
        elif self._initialised and not self._verified:
            return _NOT_SATISFIED
        if len(new) not in _PIN_LENGTHS:
            return Response(b"", SW.WRONG_LENGTH)
        self._pin.set(new)
        self._verified = self._initialised
        return _OK

    def _reset_retry_counter(self, command: Command) -> Response:
        if not self._initialised:
            return _NOT_ALLOWED
        if command.p1 != 0x02:
            return _BAD_P1_P2
        if command.p2 != _PIN:
            return _NOT_FOUND
        if not self._admin.authenticated:
            return _NOT_SATISFIED
        if len(command.data) not in _PIN_LENGTHS:
            return Response(b"", SW.WRONG_LENGTH)
        self._pin.set(command.data)
        self._verified = False
        self._admin.forget()
        return _OK

    def _check(self, given: bytes) -> Response | None:
        """Compare, and return the refusal if it is not right."""
        if self._pin.left == 0:
            return Response(b"", self._quirks.locked)
        if len(given) not in _PIN_LENGTHS:
            self._pin.left -= self._quirks.bad_format_costs_a_try
            return self._refusal(self._quirks.bad_format)
        return None if self._pin.check(given) else self._refusal(self._quirks.wrong)

    def _refusal(self, fixed: int | None) -> Response:
        return Response(b"", 0x63C0 | self._pin.left if fixed is None else fixed)

    # -- the admin key --------------------------------------------------------------------------

    def _manage_security_environment(self, command: Command) -> Response:
        if command.p1 not in (0x81, 0xC1) or command.p2 != 0xA4:
            return Response(b"", SW.FUNCTION_NOT_SUPPORTED)
        if find(command.data, 0x83) != bytes([_KEY_FILE & 0xFF]) or _KEY_FILE not in self._files:
            return _BAD_DATA
        return self._admin.select()

    def _general_authenticate(self, command: Command) -> Response:
        if not self._initialised:
            return _NOT_ALLOWED
        if (command.p1, command.p2) != (0, 0):
            return _BAD_P1_P2
        theirs, cryptogram = find(command.data, 0x7C, 0x81), find(command.data, 0x7C, 0x82)
        if theirs is not None:
            return self._admin.challenge(theirs)
        return _BAD_DATA if cryptogram is None else self._admin.answered(cryptogram)

    # -- files ----------------------------------------------------------------------------------

    def _get_data(self, command: Command) -> Response:
        tag = int.from_bytes(find(command.data, 0x5C) or b"", "big")
        identifier = command.p1 << 8 | command.p2
        if identifier == _APPLICATION:
            return self._application_data(tag)
        file = self._files.get(identifier)
        if file is None or file.key:
            return Response(b"", SW.NOT_FOUND)
        if not self._allows(file.read):
            return _NOT_SATISFIED
        content = file.objects.get(tag)
        return _NOT_FOUND if content is None else Response(Tlv(tag, content).encode(), SW.OK)

    def _application_data(self, tag: int) -> Response:
        if tag != _PIN_STATUS or not self._quirks.pin_status:
            return _NOT_FOUND
        counter = 0x97 if self._quirks.version > 1 else 0x9F17
        status = [Tlv(counter, bytes([self._pin.left])), Tlv(0x93, bytes([self._pin.tries]))]
        return Response(Tlv.of(tag, status).encode(), SW.OK)

    def _put_data(self, command: Command) -> Response:
        identifier = command.p1 << 8 | command.p2
        if identifier == _APPLICATION:
            return self._put_key(command.data)
        file = self._files.get(identifier)
        if file is None or file.key:
            return Response(b"", SW.NOT_FOUND)
        if not self._allows(file.write):
            return _NOT_SATISFIED
        objects = parse(command.data)
        if len(objects) != 1:
            return _BAD_DATA
        file.objects[objects[0].tag] = objects[0].value
        return _OK

    def _put_key(self, data: bytes) -> Response:
        """Take a new admin key: 70 { 84 reference, A5 { 87 key, 88 check value } }."""
        file, value = self._files.get(_KEY_FILE), find(data, _NEW_KEY, 0xA5, 0x87)
        if find(data, _NEW_KEY, 0x84) != bytes([_KEY_FILE & 0xFF]) or file is None or value is None:
            return _BAD_DATA
        if not self._allows(file.write):
            return _NOT_SATISFIED
        try:
            self._admin.set(value)
        except ValueError:
            return _BAD_DATA
        return _OK

    def _create_file(self, command: Command) -> Response:
        if not self._allows(0x30):
            return _NOT_SATISFIED
        identifier, file = File.created(command.data)
        if identifier in self._files:
            return _BAD_DATA
        self._files[identifier] = file
        self._current = identifier
        return _OK

    def _delete_file(self, command: Command) -> Response:
        if command.data or self._current not in self._files:
            return _NOT_ALLOWED
        if not self._allows(0x30):
            return _NOT_SATISFIED
        del self._files[self._current]
        self._current = _APPLICATION
        return _OK

    def _activate_file(self, _: Command) -> Response:
        """Put the current file into use; that of the application ends its initialisation."""
        if self._current == _APPLICATION:
            self._initialised = True
            self.reset()
        return _OK

    def _allows(self, condition: int) -> bool:
        """Whether a security condition is fulfilled; a new card asks for none."""
        if condition in (0x00, 0xFF) or not self._initialised:
            return condition != 0xFF
        return bool(condition & 0x10 and self._verified) or bool(
            condition & 0x20 and self._admin.authenticated
        )


def _certificate(algorithm: Algorithm, name: str, expires: datetime | None) -> bytes:
    return CardKey(algorithm).certificate(name, expires or datetime.now(UTC) + timedelta(days=3 * 365))


def _reference(pin: str, tries: int, left: int | None) -> Reference:
    """An unpadded PIN. Raises ValueError."""
    if len(pin) not in _PIN_LENGTHS or not 0 <= (tries if left is None else left) <= tries <= 15:
        raise ValueError("4 to 16 characters, 0 to 15 tries, and no more left than there are")
    return Reference(pin.encode("ascii"), tries, tries if left is None else left)
