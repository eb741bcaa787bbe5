"""A virtual OpenPGP card (3.4, or an older version) with true counters, three keys, and KDF.

What cards in the field do differently is in `Quirks`. Keys are made on the card, not imported, and it
does not decipher: nobody who unlocks a card needs either.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from cardio.apdu import SW, Command, Response
from cardio.applets.openpgp_kdf import Password
from cardio.errors import ProtocolError
from cardio.tlv import find
from cardio.virtual.card import CardApplication
from cardio.virtual.openpgp_keys import Algorithm, CardKey, known
from cardio.virtual.openpgp_objects import ALGORITHMS, AUTHENTICATE, DECRYPT, KEYS, SIGN, Objects
from cardio.virtual.openpgp_passwords import FACTORY, CardPasswords, Quirks

__all__ = ["OPENPGP_ATR", "OpenPgpCard", "OpenPgpState", "Quirks"]

OPENPGP_ATR = bytes.fromhex("3BDA18FF81B1FE751F030031F573C001600090001C")
_SIGNING, _PW1, _PW3 = 0x81, 0x82, 0x83
_PASSWORDS = {_SIGNING: Password.PW1, _PW1: Password.PW1, _PW3: Password.PW3}
_CODE, _KDF, _PW_STATUS = 0xD3, 0xF9, 0xC4
_PRIVATE_TO_READ = {0x0103: _PW1, 0x0104: _PW3}
_PRIVATE_TO_WRITE = {0x0101: _PW1, 0x0103: _PW1}
_TERMINATED = 0x6285
_DONE = Response(b"", SW.OK)


@dataclass(frozen=True)
class OpenPgpState:
    """The card's inside, for tests and for the demo's tray. Secrets are kept out of ``repr``.

    With KDF on, the passwords are the derived ones, in hexadecimal.
    """

    pin_tries_left: int
    code_tries_left: int
    admin_tries_left: int
    verified: bool
    pin: str = field(repr=False)
    resetting_code: str = field(repr=False)
    admin_pin: str = field(repr=False)

    @property
    def locked(self) -> bool:
        """Whether the passcode's counter is at zero."""
        return self.pin_tries_left == 0


class OpenPgpCard(CardApplication):
    """One virtual OpenPGP card.

    ``serial`` is random by default; ``resetting_code`` None is none set; ``kdf`` is the content of a
    KDF-DO, by which the passwords, given as people know them, are kept. ``algorithm`` is that of all
    three keys, None for a card without keys. Raises ValueError for passwords it could not hold.
    """

    def __init__(
        self,
        *,
        pin: str = "123456",
        admin_pin: str = "12345678",
        resetting_code: str | None = None,
        tries: int = 3,
        pin_tries_left: int | None = None,
        code_tries_left: int | None = None,
        admin_tries_left: int | None = None,
        version: tuple[int, int] = (3, 4),
        manufacturer: int = 0xFFFE,
        serial: int | None = None,
        kdf: bytes | None = None,
        algorithm: Algorithm | None = Algorithm.ECC_P256,
        certificate: bytes = b"",
        quirks: Quirks | None = None,
        atr: bytes = OPENPGP_ATR,
    ) -> None:
        self._quirks = quirks or Quirks()
        serial = 1 + secrets.randbelow(0xFFFF_FFFF) if serial is None else serial
        number = manufacturer.to_bytes(2, "big") + serial.to_bytes(4, "big")
        self.aid = bytes.fromhex("D27600012401") + bytes(version) + number + bytes(2)
        made_of = algorithm or Algorithm.RSA_2048
        self._algorithms = {SIGN: made_of.value, DECRYPT: made_of.decrypting, AUTHENTICATE: made_of.value}
        self._objects = Objects(self.aid, self._algorithms, KEYS if algorithm else ())
        self._objects.certificates[0] = certificate
        lefts = (pin_tries_left, code_tries_left, admin_tries_left)
        self._tries = tries
        self._passwords = self._new_passwords((pin, resetting_code or "", admin_pin), lefts, kdf)
        self._keys: dict[int, CardKey] = {}
        self._terminated = False
        self._verified: set[int] = set()
        self._used_keys: dict[int, int] = {}
        super().__init__(atr)
        self.reset()

    def _new_passwords(
        self, texts: Sequence[str], lefts: Sequence[int | None], kdf: bytes | None
    ) -> CardPasswords:
        longest = 127 if self._newer_than(3, 0) else 32
        return CardPasswords(texts, self._tries, lefts, longest, kdf, self._quirks)

    def state(self) -> OpenPgpState:
        """Return what is inside: counters, whether the passcode is verified (82), the passwords."""
        lefts = [self._passwords.left(password) for password in Password]
        shown = [self._passwords.shown(password) for password in Password]
        return OpenPgpState(lefts[0], lefts[1], lefts[2], _PW1 in self._verified, *shown)

    def knows(self, password: Password, text: str) -> bool:
        """Whether that is the password, whatever KDF makes of it."""
        return self._passwords.knows(password, text)

    @property
    def authentication_key_der(self) -> bytes | None:
        """The public key that INTERNAL AUTHENTICATE uses (DER SubjectPublicKeyInfo), None without keys."""
        key = self._key(AUTHENTICATE)
        return key.public_der if key else None

    def lock(self) -> None:
        """Bring the passcode's counter to zero, as wrong entries would."""
        self._passwords.lock()
        self._verified -= {_SIGNING, _PW1}

    def reset(self) -> None:
        """Clear the security status, and what MSE SET did."""
        self._verified = set()
        self._used_keys = {DECRYPT: DECRYPT, AUTHENTICATE: AUTHENTICATE}

    def select_response(self) -> bytes:
        """Nothing: the standard leaves it to the card."""
        return b""

    def _select(self, command: Command) -> Response:
        if self._quirks.select_refuses_le and command.le is not None:
            return Response(b"", SW.WRONG_LENGTH)
        response = super()._select(command)
        self._objects.occurrence = 0 if response.ok else self._objects.occurrence
        return Response(b"", _TERMINATED) if response.ok and self._terminated else response

    def process(self, command: Command) -> Response:
        """Answer one command to the OpenPGP application."""
        if self._terminated and command.ins != 0x44:
            return Response(b"", _TERMINATED)
        handler = {
            0x20: self._verify,
            0x22: self._manage_security_environment,
            0x24: self._change_reference_data,
            0x2A: self._compute_digital_signature,
            0x2C: self._reset_retry_counter,
            0x44: self._activate,
            0x47: self._generate,
            0x84: self._get_challenge,
            0x88: self._internal_authenticate,
            0xA5: self._select_data,
            0xCA: self._get_data,
            0xDA: self._put_data,
            0xE6: self._terminate,
        }.get(command.ins)
        return Response(b"", SW.INS_NOT_SUPPORTED) if handler is None else handler(command)

    # -- passwords ------------------------------------------------------------------------------

    def _verify(self, command: Command) -> Response:
        password = _PASSWORDS.get(command.p2)
        if password is None:
            return Response(b"", SW.REFERENCED_DATA_NOT_FOUND)
        if command.p1 == 0xFF and not command.data and self._newer_than(3, 1):
            self._verified.discard(command.p2)
            return _DONE
        if command.p1 != 0:
            return Response(b"", SW.INCORRECT_P1_P2)
        if not command.data:
            return Response(b"", self._verification(command.p2, password))
        self._verified.discard(command.p2)
        sw = self._passwords.check(password, command.data)
        if sw == SW.OK:
            self._verified.add(command.p2)
        return Response(b"", sw)

    def _verification(self, reference: int, password: Password) -> int:
        """What an empty VERIFY answers; older cards know none."""
        if not self._newer_than(3, 1):
            return SW.INCORRECT_DATA
        return SW.OK if reference in self._verified else 0x63C0 | min(self._passwords.left(password), 15)

    def _change_reference_data(self, command: Command) -> Response:
        if command.p1 != 0 or command.p2 not in (_SIGNING, _PW3):
            return Response(b"", SW.INCORRECT_P1_P2)
        password = _PASSWORDS[command.p2]
        present, new = self._passwords.split(password, command.data)
        self._verified -= {_PW3} if password is Password.PW3 else {_SIGNING, _PW1}
        sw = self._passwords.check(password, present)
        return Response(b"", self._passwords.set(password, new) if sw == SW.OK else sw)

    def _reset_retry_counter(self, command: Command) -> Response:
        if command.p1 not in (0x00, 0x02) or command.p2 != _SIGNING:
            return Response(b"", SW.INCORRECT_P1_P2)
        new = command.data
        if command.p1 == 0x00:
            code, new = self._passwords.split(Password.RESETTING_CODE, command.data)
            sw = self._passwords.check(Password.RESETTING_CODE, code)
            if sw != SW.OK:
                return Response(b"", sw)
        elif _PW3 not in self._verified:
            return Response(b"", SW.SECURITY_STATUS_NOT_SATISFIED)
        self._verified -= {_SIGNING, _PW1}
        return Response(b"", self._passwords.set(Password.PW1, new))

    # -- keys -----------------------------------------------------------------------------------

    def _key(self, crt: int) -> CardKey | None:
        """The key, which is made when it is first asked for."""
        if crt not in self._objects.present:
            return None
        if crt not in self._keys:
            self._keys[crt] = CardKey(self._objects.algorithms[crt])
        return self._keys[crt]

    def _generate(self, command: Command) -> Response:
        crt = command.data[0] if command.data[:1] and command.data[0] in KEYS else None
        if crt is None or command.p1 not in (0x80, 0x81) or command.p2 != 0:
            return Response(b"", SW.INCORRECT_DATA)
        if command.p1 == 0x80:
            if _PW3 not in self._verified:
                return Response(b"", SW.SECURITY_STATUS_NOT_SATISFIED)
            self._keys.pop(crt, None)
            self._objects.present.add(crt)
            self._objects.signatures = 0 if crt == SIGN else self._objects.signatures
        key = self._key(crt)
        if key is None:
            return Response(b"", SW.REFERENCED_DATA_NOT_FOUND)
        return Response(key.public_objects, SW.OK)

    def _manage_security_environment(self, command: Command) -> Response:
        chosen = {b"\x83\x01\x02": DECRYPT, b"\x83\x01\x03": AUTHENTICATE}.get(command.data)
        if not self._newer_than(3, 0) or command.p1 != 0x41 or command.p2 not in self._used_keys:
            return Response(b"", SW.INCORRECT_P1_P2)
        if chosen is None:
            return Response(b"", SW.INCORRECT_DATA)
        self._used_keys[command.p2] = chosen
        return _DONE

    def _compute_digital_signature(self, command: Command) -> Response:
        if (command.p1, command.p2) != (0x9E, 0x9A):
            return Response(b"", SW.INCORRECT_P1_P2)
        response = self._sign(SIGN, _SIGNING, command.data)
        if response.ok:
            self._objects.signatures += 1
            if not self._passwords.signatures_hold:
                self._verified.discard(_SIGNING)
        return response

    def _internal_authenticate(self, command: Command) -> Response:
        if command.p1 or command.p2:
            return Response(b"", SW.INCORRECT_P1_P2)
        return self._sign(self._used_keys[AUTHENTICATE], _PW1, command.data)

    def _sign(self, crt: int, reference: int, data: bytes) -> Response:
        key = self._key(crt)
        if key is None:
            return Response(b"", SW.REFERENCED_DATA_NOT_FOUND)
        if reference not in self._verified:
            return Response(b"", SW.SECURITY_STATUS_NOT_SATISFIED)
        signature = key.sign(data)
        return Response(b"", SW.INCORRECT_DATA) if signature is None else Response(signature, SW.OK)

    def _get_challenge(self, command: Command) -> Response:
        return Response(secrets.token_bytes(min(command.le or 0, 0xFF)), SW.OK)

    # -- data objects and the life of the card --------------------------------------------------

    def _get_data(self, command: Command) -> Response:
        tag = command.p1 << 8 | command.p2
        if tag in _PRIVATE_TO_READ and _PRIVATE_TO_READ[tag] not in self._verified:
            return Response(b"", SW.SECURITY_STATUS_NOT_SATISFIED)
        status = None if self._quirks.no_count else self._passwords.status
        content = self._objects.get(tag, status)
        if tag == 0x6E and self._quirks.no_application_data:
            content = None
        elif tag == 0x6E and self._quirks.flat:
            content = self._objects.flat(status)
        elif tag == _KDF and self._objects.has_kdf:
            content = self._passwords.kdf
        return Response(b"", SW.REFERENCED_DATA_NOT_FOUND) if content is None else Response(content, SW.OK)

    def _select_data(self, command: Command) -> Response:
        """Choose one of the three certificates (7.2.5)."""
        try:
            wanted = find(command.data, 0x60, 0x5C)
        except ProtocolError:
            wanted = None
        if not self._newer_than(3, 0) or command.p1 > 2 or wanted != b"\x7f\x21":
            return Response(b"", SW.REFERENCED_DATA_NOT_FOUND)
        self._objects.occurrence = command.p1
        return _DONE

    def _put_data(self, command: Command) -> Response:
        tag = command.p1 << 8 | command.p2
        if _PRIVATE_TO_WRITE.get(tag, _PW3) not in self._verified:
            return Response(b"", SW.SECURITY_STATUS_NOT_SATISFIED)
        if tag == _CODE and command.data:
            return Response(b"", self._passwords.set(Password.RESETTING_CODE, command.data))
        return _DONE if self._stored(tag, command.data) else Response(b"", SW.INCORRECT_DATA)

    def _stored(self, tag: int, value: bytes) -> bool:
        crt = next((crt for crt, algorithm in ALGORITHMS.items() if algorithm == tag), None)
        if crt is not None:
            return known(value) and self._changed_algorithm(crt, value)
        if tag == _CODE:
            self._passwords.clear_code()
            return True
        if tag == _PW_STATUS:
            self._passwords.signatures_hold = value == b"\x01"
            return value in (b"\x00", b"\x01")
        if tag == _KDF:
            return self._objects.has_kdf and self._passwords.use_kdf(value)
        return self._objects.store(tag, value)

    def _changed_algorithm(self, crt: int, attributes: bytes) -> bool:
        """Another algorithm deletes the key (4.4.3.9)."""
        if self._objects.algorithms[crt] != attributes:
            self._objects.algorithms[crt] = attributes
            self._objects.present.discard(crt)
            self._keys.pop(crt, None)
        return True

    def _terminate(self, _: Command) -> Response:
        spent = not any(self._passwords.left(password) for password in (Password.PW1, Password.PW3))
        if not spent and _PW3 not in self._verified:
            return Response(b"", SW.SECURITY_STATUS_NOT_SATISFIED)
        self._terminated = True
        return _DONE

    def _activate(self, _: Command) -> Response:
        if self._terminated:  # as it left the factory: no keys, no resetting code, no KDF
            self._terminated = False
            self._objects = Objects(self.aid, self._algorithms, ())
            self._passwords = self._new_passwords(tuple(FACTORY.values()), (None, None, None), None)
            self._keys = {}
            self.reset()
        return _DONE

    def _newer_than(self, *version: int) -> bool:
        """Whether the card is of that version or a later one."""
        return self._objects.version >= version
