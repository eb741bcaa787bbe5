"""A virtual PIV card (SP 800-73-4 part 2) with true counters, keys and certificates.

With a serial number it also speaks the YubiKey commands that tell it, the version and the
counters, enough for Yubico's own tools. What cards in the field do differently is in `Quirks`.
"""

from __future__ import annotations

import gzip
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cardio.apdu import SW, Command, Response
from cardio.errors import ProtocolError
from cardio.tlv import Tlv, find
from cardio.virtual.card import CardApplication
from cardio.virtual.piv_keys import Algorithm, CardKey
from cardio.virtual.reference import Reference

PIV_ATR = bytes.fromhex("3B8D80018073C021C057597562694B6579F9")
_PIN, _PUK = 0x80, 0x81
_LENGTH = 8  # of every reference, padded with FF
_CHUID, _CERTIFICATE_9A, _CERTIFICATE_9E = 0x5FC102, 0x5FC105, 0x5FC101
_MANAGEMENT_KEY = 0x9B
_VERSION = b"\x05\x04\x03"
_FACTORY = {_PIN: b"123456", _PUK: b"12345678"}  # for GET METADATA's "is the default"


@dataclass(frozen=True)
class Quirks:
    """How this card differs from the standard; each default is what the standard says."""

    wrong: int | None = None  # status word for a wrong passcode; None: 63Cx
    wrong_puk: int | None = None  # likewise for a wrong PUK
    locked: int = SW.AUTHENTICATION_METHOD_BLOCKED
    bad_format: int = SW.INCORRECT_DATA
    bad_format_costs_a_try: bool = False
    only_short_aid: bool = False  # SELECT takes the 5-byte form alone
    select_refuses_le: bool = False
    empty_select_response: bool = False
    gzip_certificates: bool = False


@dataclass(frozen=True)
class PivState:
    """The card's inside, for tests and for the demo's tray. Secrets are kept out of ``repr``."""

    pin_tries_left: int
    puk_tries_left: int
    verified: bool
    pin: str = field(repr=False)
    puk: str = field(repr=False)

    @property
    def locked(self) -> bool:
        """Whether the passcode's counter is at zero."""
        return self.pin_tries_left == 0


class PivCard(CardApplication):
    """One virtual PIV card.

    ``guid`` is the card UUID of the CHUID, random by default; ``bytes(16)`` writes zeros. ``chuid``
    False leaves the whole object out. ``serial`` None makes a card without the YubiKey commands,
    ``metadata`` False one that does not tell its counters. ``sign_in`` and ``card_key`` are the
    algorithms of 9A and 9E, None for an empty slot. Raises ValueError for a passcode or PUK it could
    not hold.
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
        self._name = name
        self._verified = False
        super().__init__(atr)

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

    def lock(self) -> None:
        """Bring the passcode's counter to zero, as wrong entries would."""
        self._pin.left, self._verified = 0, False

    def reset(self) -> None:
        """Clear the security status."""
        self._verified = False

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
        return super()._select(command)

    def process(self, command: Command) -> Response:
        """Answer one command to the PIV application."""
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
        if refusal := self._check(reference, present):
            return refusal
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
        self._pin.set(new)
        self._verified = False
        return Response(b"", SW.OK)

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
        return reference is self._puk or (len(digits) >= 6 and digits.isdigit())

    # -- keys and data --------------------------------------------------------------------------

    @cached_property
    def _keys(self) -> dict[int, CardKey]:
        return {slot: CardKey(algorithm) for slot, algorithm in self._algorithms.items() if algorithm}

    def _general_authenticate(self, command: Command) -> Response:
        key = self._keys.get(command.p2)
        if key is None:
            return Response(b"", SW.REFERENCED_DATA_NOT_FOUND)
        if command.p1 != key.algorithm:
            return Response(b"", SW.INCORRECT_P1_P2)
        if command.p2 == 0x9A and not self._verified:
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
        content = self._object(int.from_bytes(tag, "big"))
        if content is None:
            return Response(b"", SW.NOT_FOUND)
        return Response(Tlv(0x53, content).encode(), SW.OK)

    def _object(self, tag: int) -> bytes | None:
        """The data objects of SP 800-73-4 part 1, appendix A, that this card holds."""
        if tag == _CHUID and self._chuid:
            expires = self._expires.strftime("%Y%m%d").encode()
            return b"".join(
                Tlv(inner, value).encode()
                for inner, value in (
                    (0x30, self._fasc_n), (0x34, self._guid), (0x35, expires), (0x3E, b""), (0xFE, b"")
                )
            )  # fmt: skip
        if tag == _CERTIFICATE_9A and 0x9A in self._keys:
            return self._certificate_object(self._certificates[0x9A])
        if tag == _CERTIFICATE_9E and 0x9E in self._keys:
            return self._certificate_object(self._certificates[0x9E])
        return None

    @cached_property
    def _certificates(self) -> dict[int, bytes]:
        return {slot: key.certificate(self._name, self._expires) for slot, key in self._keys.items()}

    def _certificate_object(self, der: bytes) -> bytes:
        zipped = self._quirks.gzip_certificates
        content = gzip.compress(der) if zipped else der
        return Tlv(0x70, content).encode() + Tlv(0x71, bytes([zipped])).encode() + Tlv(0xFE, b"").encode()

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
            factory = _FACTORY[slot].ljust(_LENGTH, b"\xff")
            counters = bytes([reference.tries, reference.left])
            return [(1, b"\xff"), (5, bytes([reference.value == factory])), (6, counters)]
        if slot == _MANAGEMENT_KEY:
            return [(1, b"\x03"), (2, b"\x00\x01"), (5, b"\x01")]
        key = self._keys.get(slot)
        if key is None:
            return None
        policy = b"\x01\x01" if slot == 0x9E else b"\x02\x01"
        return [(1, bytes([key.algorithm])), (2, policy), (3, b"\x01"), (4, key.public_objects)]
