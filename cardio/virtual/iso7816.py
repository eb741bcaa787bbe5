"""A virtual card made from an ISO 7816-4 profile, with true counters.

It does what the profile says of it; what cards in the field do beyond that is in `IsoQuirks`.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field

from cardio.apdu import SW, Command, Response
from cardio.profile import Coding, PasscodeRules, Profile, PukRules
from cardio.source import Source
from cardio.tlv import Tlv
from cardio.virtual.card import CardApplication
from cardio.virtual.iso7816_files import Files
from cardio.virtual.reference import Reference

ISO_ATR = bytes.fromhex("3B87800150524F46494C454D")


@dataclass(frozen=True)
class IsoQuirks:
    """How this card departs from the plain one."""

    wrong: int | None = None  # status word for a wrong value; None: 63Cx
    locked: int | None = SW.AUTHENTICATION_METHOD_BLOCKED  # None: 63C0 for ever
    bad_format: int = SW.INCORRECT_DATA
    bad_format_costs_a_try: bool = False
    status_query: int | None = None  # status word for an empty VERIFY, instead of the tries
    status_query_costs_a_try: bool = False
    select_refuses_le: bool = False


@dataclass(frozen=True)
class IsoState:
    """The card's inside, for tests and for the demo's tray. Secrets are kept out of ``repr``."""

    passcode_tries_left: int
    puk_tries_left: int
    verified: bool
    passcode: str = field(repr=False)
    puk: str = field(repr=False)

    @property
    def locked(self) -> bool:
        """Whether the passcode's counter is at zero."""
        return self.passcode_tries_left == 0


class IsoCard(CardApplication):
    """One virtual card of a profile.

    ``serial``: the bytes of its serial number as they lie on the card. A binary PUK is given in
    hexadecimal. Raises ValueError for a passcode, PUK or number of tries that it could not have.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        serial: bytes,
        passcode: str = "123456",
        puk: str = "12345678",
        tries: int = 3,
        passcode_tries_left: int | None = None,
        puk_tries_left: int | None = None,
        quirks: IsoQuirks | None = None,
        atr: bytes = ISO_ATR,
    ) -> None:
        self.aid = profile.aid
        self._profile, self._serial = profile, serial
        self._quirks = quirks or IsoQuirks()
        binary = profile.puk.coding.encoding == "binary"
        secret = bytes.fromhex(puk) if binary else puk.encode("ascii")
        self._passcode = _reference(profile.passcode, passcode.encode("ascii"), tries, passcode_tries_left)
        self._puk = _reference(profile.puk, secret, tries, puk_tries_left)
        self._files = Files(profile.serial, self._values)
        self._verified: set[int] = set()
        self._puk_was_right = False
        super().__init__(atr)

    def state(self) -> IsoState:
        """Return what is inside: counters, whether the passcode is verified, passcode and PUK."""
        puk = _plain(self._profile.puk.coding, self._puk.value)
        binary = self._profile.puk.coding.encoding == "binary"
        return IsoState(
            self._passcode.left,
            self._puk.left,
            self._profile.passcode.reference in self._verified,
            _plain(self._profile.passcode.coding, self._passcode.value).decode("ascii"),
            puk.hex().upper() if binary else puk.decode("ascii"),
        )

    def lock(self) -> None:
        """Bring the passcode's counter to zero, as wrong entries would."""
        self._passcode.left = 0
        self._verified.discard(self._profile.passcode.reference)

    def reset(self) -> None:
        """Clear the security status and the current file."""
        self._verified.clear()
        self._puk_was_right = False
        self._files.leave()

    def select_response(self) -> bytes:
        """File control information (ISO 7816-4:2013, 7.4) with the application's name."""
        return Tlv.of(0x6F, [Tlv(0x84, self.aid)]).encode()

    def process(self, command: Command) -> Response:
        """Answer one command to the application."""
        handler = {
            0x20: self._verify,
            0x24: self._change_reference_data,
            0x2C: self._reset_retry_counter,
            0xB0: self._files.read_binary,
            0xCA: self._files.get_data,
            0xCB: self._files.get_data,
        }.get(command.ins)
        return handler(command) if handler else Response(b"", SW.INS_NOT_SUPPORTED)

    def _dispatch(self, command: Command) -> Response:
        if command.ins == 0xA4 and command.p1 != 0x04:
            within, self._selected = self._selected, self._selected and command.p1 != 0x08
            return self._files.select(command, within=within)
        if command.ins == 0xB0 and self._files.open:  # before any application was selected
            return self._files.read_binary(command)
        return super()._dispatch(command)

    def _select(self, command: Command) -> Response:
        if self._quirks.select_refuses_le and command.le is not None:
            return Response(b"", SW.WRONG_LENGTH)
        response = super()._select(command)
        if not response.ok:
            return response
        self._files.leave()
        return Response(b"", SW.OK) if command.p2 == 0x0C else response

    def _values(self) -> list[tuple[Source, bytes]]:
        """What can be read, and where."""
        profile = self._profile
        known = [(profile.serial, self._serial)]
        if profile.passcode.tries is not None:
            known.append((profile.passcode.tries, bytes([self._passcode.left])))
        if profile.puk.tries is not None:
            known.append((profile.puk.tries, bytes([self._puk.left])))
        return known

    # -- references -----------------------------------------------------------------------------

    def _known(self, p2: int) -> tuple[Reference, PasscodeRules | PukRules] | None:
        if p2 == self._profile.passcode.reference:
            return self._passcode, self._profile.passcode
        if p2 == self._profile.puk.reference:
            return self._puk, self._profile.puk
        return None

    def _verify(self, command: Command) -> Response:
        known = self._known(command.p2)
        if known is None:
            return Response(b"", SW.REFERENCED_DATA_NOT_FOUND)
        if command.p1 != 0 or (command.data and command.cla):
            return Response(b"", SW.INCORRECT_P1_P2)
        if not command.data:
            return Response(b"", self._status(*known, command))
        self._verified.discard(command.p2)
        if refusal := self._check(*known, command.data):
            return refusal
        self._verified.add(command.p2)
        return Response(b"", SW.OK)

    def _status(self, reference: Reference, rules: PasscodeRules | PukRules, command: Command) -> int:
        if command.cla != rules.status_cla:
            return SW.WRONG_LENGTH
        if self._quirks.status_query_costs_a_try and reference.left:
            reference.left -= 1
        if self._quirks.status_query is not None:
            return self._quirks.status_query
        if command.p2 in self._verified:
            return SW.OK
        return 0x63C0 | reference.left if reference.left else self._locked

    def _change_reference_data(self, command: Command) -> Response:
        known = self._known(command.p2)
        if known is None:
            return Response(b"", SW.REFERENCED_DATA_NOT_FOUND)
        reference, rules = known
        forms = (rules.change_p1,) if isinstance(rules, PasscodeRules) else (0,) if rules.replaceable else ()
        if command.p1 not in forms:
            return Response(b"", SW.INCORRECT_P1_P2)
        present, new = _split(reference, rules, command.data) if command.p1 == 0 else (b"", command.data)
        by_puk = self._puk_was_right and reference is self._passcode
        if command.p1 == 1 and command.p2 not in self._verified and not by_puk:
            return Response(b"", SW.SECURITY_STATUS_NOT_SATISFIED)
        if not _well_formed(rules, new):
            return Response(b"", self._quirks.bad_format)
        if command.p1 == 0 and (refusal := self._check(reference, rules, present)):
            return refusal
        return self._set(command.p2, reference, new)

    def _reset_retry_counter(self, command: Command) -> Response:
        rules, passcode = self._profile.puk, self._profile.passcode
        wanted = passcode.reference if rules.reset_reference is None else rules.reset_reference
        if (command.p1, command.p2) != (rules.reset_p1, wanted):
            return Response(b"", SW.INCORRECT_P1_P2)
        if command.p1 == 2:
            if rules.reference not in self._verified:
                return Response(b"", SW.SECURITY_STATUS_NOT_SATISFIED)
            puk, new = b"", command.data
        else:
            puk, new = _split(self._puk, rules, command.data)
            if refusal := self._check(self._puk, rules, puk):
                return refusal
        if command.p1 == 1:
            self._puk_was_right = True
            return self._set(passcode.reference, self._passcode, self._passcode.value)
        if not _well_formed(passcode, new):
            return Response(b"", self._quirks.bad_format)
        return self._set(passcode.reference, self._passcode, new)

    def _set(self, p2: int, reference: Reference, new: bytes) -> Response:
        reference.set(new)
        self._verified.discard(p2)
        return Response(b"", SW.OK)

    def _check(self, reference: Reference, rules: PasscodeRules | PukRules, given: bytes) -> Response | None:
        """Compare, and return the refusal if it is not right."""
        if reference.left == 0:
            return Response(b"", self._locked)
        if not _well_formed(rules, given):
            if self._quirks.bad_format_costs_a_try:
                reference.left -= 1
            return Response(b"", self._quirks.bad_format)
        if reference.check(given):
            return None
        wrong = self._quirks.wrong
        return Response(b"", 0x63C0 | reference.left if wrong is None else wrong)

    @property
    def _locked(self) -> int:
        return 0x63C0 if self._quirks.locked is None else self._quirks.locked


def _reference(rules: PasscodeRules | PukRules, value: bytes, tries: int, left: int | None) -> Reference:
    encoded = rules.coding.encode(value)
    if not _well_formed(rules, encoded):
        raise ValueError("a passcode or PUK that this profile does not have")
    if not 0 <= (tries if left is None else left) <= tries <= 15:
        raise ValueError("0 to 15 tries, and no more left than there are")
    return Reference(encoded, tries, tries if left is None else left)


def _split(reference: Reference, rules: PasscodeRules | PukRules, data: bytes) -> tuple[bytes, bytes]:
    """The value to compare and what follows it: cut at the length that every value has, or this one."""
    size = 8 if rules.coding.encoding == "pin-block" else rules.coding.size or len(reference.value)
    return data[:size], data[size:]


def _well_formed(rules: PasscodeRules | PukRules, value: bytes) -> bool:
    try:
        plain = _plain(rules.coding, value)
    except ValueError:
        return False
    if isinstance(rules, PasscodeRules):
        lengths: Container[int] = range(rules.min_length, rules.max_length + 1)
    else:
        lengths = rules.lengths
    if len(plain) not in lengths:
        return False
    if rules.coding.encoding == "binary":
        return True
    return not set(plain.decode("latin-1")) - set(rules.alphabet) and rules.coding.encode(plain) == value


def _plain(coding: Coding, value: bytes) -> bytes:
    """What was put into these bytes. Raises ValueError."""
    if coding.encoding == "pin-block":
        digits = value.hex()
        if len(value) != 8 or digits[0] != "2":
            raise ValueError("no PIN block of format 2")
        return digits[2 : 2 + int(digits[1], 16)].encode("ascii")
    if coding.pad is not None:
        if len(value) != coding.size:
            raise ValueError("not padded to its length")
        value = value.rstrip(bytes([coding.pad]))
    if coding.encoding == "bcd":
        return value.hex().rstrip("abcdef").encode("ascii")
    return value
