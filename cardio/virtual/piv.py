"""A virtual PIV card (SP 800-73-4 part 2) with true counters, keys and certificates.

With a serial number it also speaks the YubiKey commands that Yubico's own tools want. What a
card management writes is in piv_admin.py, the keys in piv_keys.py, what cards in the field do
differently in piv_quirks.py, and a CA that issues their certificates in piv_ca.py.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cardio.apdu import SW, Command, Response
from cardio.errors import ProtocolError
from cardio.tlv import Tlv, find
from cardio.virtual import piv_objects
from cardio.virtual.piv_admin import DEFAULT_MANAGEMENT_KEY, FACTORY_PIN, FACTORY_PUK, PivManagement
from cardio.virtual.piv_ca import CardCa, CardNumbers
from cardio.virtual.piv_keys import Algorithm, CardKey
from cardio.virtual.piv_quirks import Quirks
from cardio.virtual.piv_state import PivState
from cardio.virtual.reference import Reference

PIV_ATR = bytes.fromhex("3B8D80018073C021C057597562694B6579F9")
_PIN, _PUK = 0x80, 0x81
_LENGTH = 8  # of every reference, padded with FF
_MANAGEMENT_KEY = 0x9B
_VERSION = b"\x05\x04\x03"
_BY_REFERENCE = (0x20, 0x24, 0x2C)  # what wants a PIN or PUK


class PivCard(PivManagement):
    """One virtual PIV card.

    ``guid`` is the card UUID of the CHUID, random by default; ``bytes(16)`` writes zeros. ``chuid``
    False leaves the whole object out; ``chuid_signature`` is as many bytes of it. ``serial`` None makes a
    card without the YubiKey commands, ``metadata`` False one that does not tell its counters.
    ``sign_in`` and ``card_key`` are the algorithms of 9A and 9E, None for an empty slot; ``issuer``
    issues their certificates, which otherwise sign themselves. ``management_key`` is 3DES (03) or AES
    (08, 0A, 0C). Raises ValueError for a passcode, PUK or management key it could not hold.
    """

    aid = bytes.fromhex("A000000308000010000100")

    def __init__(
        self,
        *,
        pin: str = "123456",
        puk: str = "12345678",
        tries: int = 3,
        pin_tries_left: int | None = None,
        puk_tries_left: int | None = None,
        chuid: bool = True,
        guid: bytes | None = None,
        fasc_n: bytes = bytes(25),
        serial: int | None = 7_000_001,
        metadata: bool = True,
        sign_in: Algorithm | None = Algorithm.ECC_P256,
        card_key: Algorithm | None = Algorithm.ECC_P256,
        expires: datetime | None = None,
        name: str = "Virtual card",
        issuer: CardCa | None = None,
        chuid_signature: int = 0,
        management_key: bytes = DEFAULT_MANAGEMENT_KEY,
        management_algorithm: int = 0x03,
        quirks: Quirks | None = None,
        atr: bytes = PIV_ATR,
    ) -> None:
        self._quirks = quirks or Quirks()
        self._pin = Reference.padded(pin, _LENGTH, tries, pin_tries_left)
        self._puk = Reference.padded(puk, _LENGTH, tries, puk_tries_left)
        self._chuid = chuid
        self._guid = secrets.token_bytes(16) if guid is None else guid
        self._fasc_n = fasc_n
        self._serial, self._metadata = serial, metadata and serial is not None
        self._algorithms = {0x9A: sign_in, 0x9E: card_key}
        self._expires = expires or datetime.now(UTC) + timedelta(days=3 * 365)
        self._name, self._issuer, self._chuid_signature = name, issuer, chuid_signature
        self._verified = False
        super().__init__(atr, management_key, management_algorithm)

    def state(self) -> PivState:
        """Return what is inside: counters, whether the passcode is verified, the passcode and the PUK."""
        return PivState(
            self._pin.left,
            self._puk.left,
            self._verified,
            self._pin.text,
            self._puk.text,
        )

    @property
    def guid(self) -> bytes:
        """The card UUID in the CHUID."""
        return self._guid

    @property
    def card_key_der(self) -> bytes | None:
        """The public key of 9E (DER SubjectPublicKeyInfo), None where the slot is empty."""
        key = self._keys.get(0x9E)
        return key.public_der if key else None

    @property
    def sign_in_der(self) -> bytes | None:
        """The public key of 9A, likewise."""
        key = self._keys.get(0x9A)
        return key.public_der if key else None

    def lock(self) -> None:
        """Bring the passcode's counter to zero, as wrong entries would."""
        self._pin.left, self._verified = 0, False

    def reset(self) -> None:
        """Clear the security status."""
        self._verified = False
        super().reset()

    def accepts_aid(self, aid: bytes) -> bool:
        """As the base class does, or the 5-byte form alone."""
        return super().accepts_aid(aid) and (len(aid) == 5 or not self._quirks.only_short_aid)

    def select_response(self) -> bytes:
        """The application property template (SP 800-73-4 part 2, table 3)."""
        if self._quirks.empty_select_response:
            return b""
        authority = Tlv.of(0x79, [Tlv(0x4F, self.aid[:5])])
        return Tlv.of(0x61, [Tlv(0x4F, self.aid[5:]), authority]).encode()

    def _select(self, command: Command) -> Response:
        if self._quirks.select_refuses_le and command.le is not None:
            return Response(b"", SW.WRONG_LENGTH)
        response = super()._select(command)
        return Response(b"", self._quirks.other_aid) if response.sw == SW.NOT_FOUND else response

    def process(self, command: Command) -> Response:
        """Answer one command to the PIV application."""
        if self._quirks.contactless and command.ins in _BY_REFERENCE:
            return Response(b"", SW.FUNCTION_NOT_SUPPORTED)
        if (managed := self.manage(command)) is not None:
            return managed
        handler = {
            0x20: self._verify,
            0x24: self._change_reference_data,
            0x2C: self._reset_retry_counter,
            0x87: self._general_authenticate,
            0xCB: self._get_data,
            0xF7: self._get_metadata,
            0xF8: self._get_serial,
            0xFD: self._get_version,
        }.get(command.ins)
        return handler(command) if handler else Response(b"", SW.INS_NOT_SUPPORTED)

    # -- references -----------------------------------------------------------------------------

    def _verify(self, command: Command) -> Response:
        if command.p2 != _PIN:
            return Response(b"", SW.REFERENCED_DATA_NOT_FOUND)
        if command.p1 == 0xFF and not command.data:
            self._verified = False
            return Response(b"", SW.OK)
        if command.p1 != 0:
            return Response(b"", SW.INCORRECT_P1_P2)
        if not command.data:
            return Response(b"", SW.OK if self._verified else self._status(self._pin))
        self._verified = False
        if refusal := self._check(self._pin, command.data):
            return refusal
        self._verified = True
        return Response(b"", SW.OK)

    def _change_reference_data(self, command: Command) -> Response:
        reference = {_PIN: self._pin, _PUK: self._puk}.get(command.p2)
        if reference is None:
            return Response(b"", SW.REFERENCED_DATA_NOT_FOUND)
        present, new = command.data[:_LENGTH], command.data[_LENGTH:]
        if reference is self._pin:
            self._verified = False
        if not self._well_formed(reference, new):
            return Response(b"", self._quirks.bad_format)
        if refusal := self._check(reference, present) or self._dislikes(new):
            return refusal
        if reference is self._puk and new == present and self._quirks.refuses_equal is not None:
            return Response(b"", self._quirks.refuses_equal)
        reference.set(new)
        return Response(b"", SW.OK)

    def _reset_retry_counter(self, command: Command) -> Response:
        if command.p1 != 0 or command.p2 != _PIN:
            return Response(b"", SW.INCORRECT_P1_P2)
        puk, new = command.data[:_LENGTH], command.data[_LENGTH:]
        if refusal := self._check(self._puk, puk):
            return refusal
        if not self._well_formed(self._pin, new):
            return Response(b"", self._quirks.bad_format)
        if refusal := self._dislikes(new):
            return refusal
        self._pin.set(new)
        self._verified = False
        return Response(b"", SW.OK)

    def _dislikes(self, new: bytes) -> Response | None:
        weak = new.rstrip(b"\xff").decode("latin-1") in self._quirks.weak
        return Response(b"", SW.CONDITIONS_NOT_SATISFIED) if weak else None

    def _check(self, reference: Reference, given: bytes) -> Response | None:
        """Compare, and return the refusal if it is not right."""
        if reference.left == 0:
            return Response(b"", self._quirks.locked)
        if not self._well_formed(reference, given):
            if self._quirks.bad_format_costs_a_try:
                reference.left -= 1
            return Response(b"", self._quirks.bad_format)
        if reference.check(given):
            return None
        wrong = self._quirks.wrong if reference is self._pin else self._quirks.wrong_puk
        return Response(b"", 0x63C0 | reference.left if wrong is None else wrong)

    def _status(self, reference: Reference) -> int:
        return 0x63C0 | reference.left if reference.left else self._quirks.locked

    def _well_formed(self, reference: Reference, value: bytes) -> bool:
        """SP 800-73-4 part 2, 2.4.3: a PIN is 6 to 8 digits, a PUK any bytes; both padded with FF to 8."""
        digits = value.rstrip(b"\xff")
        if len(value) != _LENGTH:
            return False
        lenient = reference is self._puk or self._quirks.compares_anything
        return lenient or (len(digits) >= 6 and digits.isdigit())

    # -- keys and data --------------------------------------------------------------------------

    @cached_property
    def _keys(self) -> dict[int, CardKey]:
        return {slot: CardKey(algorithm) for slot, algorithm in self._algorithms.items() if algorithm}

    @cached_property
    def _certificates(self) -> dict[int, bytes]:
        return {slot: self._certificate(slot, key) for slot, key in self._keys.items()}

    def _certificate(self, slot: int, key: CardKey) -> bytes:
        if self._issuer is None:
            return key.certificate(self._name, self._expires)
        numbers = CardNumbers(self._guid if self._chuid else bytes(16), self._fasc_n, self._serial)
        if slot == 0x9E:
            return self._issuer.card_authentication(key.public, numbers, self._expires)
        return self._issuer.piv_authentication(key.public, numbers, self._name, self._expires)

    def _general_authenticate(self, command: Command) -> Response:
        key = self._keys.get(command.p2)
        if key is None:
            return Response(b"", SW.REFERENCED_DATA_NOT_FOUND)
        if command.p1 != key.algorithm:
            return Response(b"", SW.INCORRECT_P1_P2)
        if command.p2 != 0x9E and not self._verified:
            return Response(b"", SW.SECURITY_STATUS_NOT_SATISFIED)
        try:
            challenge = find(command.data, 0x7C, 0x81)
        except ProtocolError:
            challenge = None
        signature = key.sign(challenge) if challenge else None
        if signature is None:
            return Response(b"", SW.INCORRECT_DATA)
        return Response(Tlv.of(0x7C, [Tlv(0x82, signature)]).encode(), SW.OK)

    def _get_data(self, command: Command) -> Response:
        try:
            tag = find(command.data, 0x5C)
        except ProtocolError:
            tag = None
        if (command.p1, command.p2) != (0x3F, 0xFF) or not tag:
            return Response(b"", SW.INCORRECT_DATA)
        number = int.from_bytes(tag, "big")
        if number == piv_objects.DISCOVERY:
            return Response(Tlv(number, piv_objects.discovery(self.aid)).encode(), SW.OK)
        content = self._object(number)
        if not content:
            return Response(b"", SW.NOT_FOUND)
        if number in piv_objects.AFTER_PIN and not self._verified:
            return Response(b"", SW.SECURITY_STATUS_NOT_SATISFIED)
        return Response(Tlv(0x53, content).encode(), SW.OK)

    def _object(self, tag: int) -> bytes | None:
        """What was written, else what the card was made with; nothing where there is no such object."""
        if tag in self._written:
            return self._written[tag]
        if tag == piv_objects.CHUID and self._chuid:
            signature = bytes(self._chuid_signature)
            return piv_objects.chuid(self._fasc_n, self._guid, self._expires, signature)
        for slot, place in piv_objects.CERTIFICATES.items():
            if tag == place and slot in self._certificates:
                zipped = self._quirks.gzip_certificates
                return piv_objects.certificate(self._certificates[slot], zipped=zipped)
        return None

    # -- for the card management ----------------------------------------------------------------

    @property
    def _slots(self) -> dict[int, CardKey]:
        return self._keys

    @property
    def _has_yubikey_commands(self) -> bool:
        return self._serial is not None

    def _verified_now(self) -> bool:
        return self._verified

    def _certify(self) -> None:
        self._certificates  # noqa: B018 - issued on first use

    def _forget_everything(self) -> None:
        self._certificates.clear()
        self._chuid = False

    # -- YubiKey commands -----------------------------------------------------------------------

    def _get_version(self, _: Command) -> Response:
        return Response(b"", SW.INS_NOT_SUPPORTED) if self._serial is None else Response(_VERSION, SW.OK)

    def _get_serial(self, _: Command) -> Response:
        if self._serial is None:
            return Response(b"", SW.INS_NOT_SUPPORTED)
        return Response(self._serial.to_bytes(4, "big"), SW.OK)

    def _get_metadata(self, command: Command) -> Response:
        if not self._metadata:
            return Response(b"", SW.INS_NOT_SUPPORTED)
        objects = self._metadata_objects(command.p2)
        if objects is None:
            return Response(b"", SW.REFERENCED_DATA_NOT_FOUND)
        return Response(b"".join(Tlv(tag, value).encode() for tag, value in objects), SW.OK)

    def _metadata_objects(self, slot: int) -> list[tuple[int, bytes]] | None:
        """Algorithm 01, policies 02, origin 03, public key 04, is default 05, tries 06 (total, left)."""
        reference = {_PIN: self._pin, _PUK: self._puk}.get(slot)
        if reference is not None:
            factory = FACTORY_PIN if reference is self._pin else FACTORY_PUK
            counters = bytes([reference.tries, reference.left])
            return [(1, b"\xff"), (5, bytes([reference.value == factory])), (6, counters)]
        if slot == _MANAGEMENT_KEY:
            is_default = bytes([self._management_key == DEFAULT_MANAGEMENT_KEY])
            return [(1, bytes([self._management_algorithm])), (2, b"\x00\x01"), (5, is_default)]
        key = self._keys.get(slot)
        if key is None:
            return None
        policy = b"\x01\x01" if slot == 0x9E else b"\x02\x01"
        origin = b"\x01" if key.generated else b"\x02"
        return [(1, bytes([key.algorithm])), (2, policy), (3, origin), (4, key.public_objects)]
