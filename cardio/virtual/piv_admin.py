"""The management side of a virtual PIV card: what a card management writes after it proved its key (9B).

SP 800-73-4 part 2, 3.2.4 (GENERAL AUTHENTICATE with 9B), 3.3.1 (PUT DATA), 3.3.2 (GENERATE ASYMMETRIC
KEY PAIR); IMPORT KEY, SET MANAGEMENT KEY, SET PIN RETRIES and RESET are YubiKey's.
"""

from __future__ import annotations

import hmac
import secrets
from abc import abstractmethod
from collections.abc import Callable

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from cardio.apdu import SW, Command, Response
from cardio.errors import ProtocolError
from cardio.tlv import Tlv, find, parse
from cardio.virtual.card import CardApplication
from cardio.virtual.piv_keys import Algorithm, CardKey
from cardio.virtual.reference import Reference

DEFAULT_MANAGEMENT_KEY = bytes.fromhex("010203040506070801020304050607080102030405060708")
"""As YubiKeys leave the factory."""

FACTORY_PIN, FACTORY_PUK = b"123456\xff\xff", b"12345678"

_TDES = 0x03
_KEY_LENGTHS = {_TDES: 24, 0x08: 16, 0x0A: 24, 0x0C: 32}  # 3DES, AES-128, AES-192, AES-256
_SLOTS = frozenset({0x9A, 0x9C, 0x9D, 0x9E, *range(0x82, 0x96)})
_WITNESS, _CHALLENGE, _RESPONSE = 0x80, 0x81, 0x82
_TRIES = 3

_DONE = Response(b"", SW.OK)
_REFUSED = Response(b"", SW.SECURITY_STATUS_NOT_SATISFIED)
_BAD_DATA = Response(b"", SW.INCORRECT_DATA)


class PivManagement(CardApplication):
    """What a card management can do with a PIV card; `PivCard` adds what everybody can."""

    _pin: Reference
    _puk: Reference

    def __init__(self, atr: bytes, management_key: bytes, algorithm: int) -> None:
        if len(management_key) != _KEY_LENGTHS.get(algorithm):
            raise ValueError("a management key of another length than its algorithm's")
        self._management_key, self._management_algorithm = management_key, algorithm
        self._written: dict[int, bytes] = {}
        self._authenticated = False
        self._expected: bytes | None = None  # the answer that would prove the management key
        super().__init__(atr)

    @property
    @abstractmethod
    def _slots(self) -> dict[int, CardKey]:
        """The keys by their slots."""

    @abstractmethod
    def _certify(self) -> None:
        """Issue the certificates of the keys there are, before the first of them is replaced."""

    @abstractmethod
    def _verified_now(self) -> bool:
        """Whether the PIN was verified."""

    @abstractmethod
    def _forget_everything(self) -> None:
        """Drop what is not kept here: objects, certificates, security status."""

    def reset(self) -> None:
        """Clear the security status."""
        self._authenticated, self._expected = False, None

    def manage(self, command: Command) -> Response | None:
        """Answer a command of the card management; None if it is none."""
        if command.ins == 0x87 and command.p2 == 0x9B:
            return self._guarded(self._authenticate, command)
        if command.ins == 0xFB and self._has_yubikey_commands:
            return self._factory_reset()
        handler = {0xDB: self._put_data, 0x47: self._generate}.get(command.ins)
        if handler is None and self._has_yubikey_commands:
            own = {0xFE: self._import, 0xFF: self._set_management_key, 0xFA: self._set_retries}
            handler = own.get(command.ins)
        if handler is None:
            return None
        return self._guarded(handler, command) if self._authenticated else _REFUSED

    @property
    def _has_yubikey_commands(self) -> bool:
        return False

    def _guarded(self, handler: Callable[[Command], Response], command: Command) -> Response:
        """What cannot be read is bad data, whatever reading it raises."""
        try:
            return handler(command)
        except (ProtocolError, ValueError, KeyError, IndexError):
            return _BAD_DATA

    # -- the management key ---------------------------------------------------------------------

    def _cipher(self) -> Cipher[modes.ECB]:
        key = self._management_key
        algorithm = TripleDES(key) if self._management_algorithm == _TDES else algorithms.AES(key)
        return Cipher(algorithm, modes.ECB())  # noqa: S305 - the standard has it so: single random blocks

    def _encrypt(self, block: bytes) -> bytes:
        encryptor = self._cipher().encryptor()
        return encryptor.update(block) + encryptor.finalize()

    def _authenticate(self, command: Command) -> Response:
        """External authentication (81, then 82), or mutual (80, then 80 and 81)."""
        if command.p1 not in (
            self._management_algorithm,
            0x00 if self._management_algorithm == _TDES else -1,
        ):
            return Response(b"", SW.INCORRECT_P1_P2)
        template = find(command.data, 0x7C)
        if template is None:
            return _BAD_DATA
        items = {item.tag: item.value for item in parse(template)}
        block = 8 if self._management_algorithm == _TDES else 16
        expected, self._expected = self._expected, None
        given = items.get(_WITNESS) or items.get(_RESPONSE)
        if given:
            return self._compare(expected, given, items.get(_CHALLENGE, b""), block)
        self._authenticated = False
        random = secrets.token_bytes(block)
        if _WITNESS in items:
            self._expected = random
            return _template(_WITNESS, self._encrypt(random))
        if _CHALLENGE in items:
            self._expected = self._encrypt(random)
            return _template(_CHALLENGE, random)
        return _BAD_DATA

    def _compare(self, expected: bytes | None, given: bytes, challenge: bytes, block: int) -> Response:
        self._authenticated = expected is not None and hmac.compare_digest(expected, given)
        if not self._authenticated:
            return _REFUSED
        return _template(_RESPONSE, self._encrypt(challenge)) if len(challenge) == block else _DONE

    def _set_management_key(self, command: Command) -> Response:
        algorithm, key = command.data[0], find(command.data[1:], 0x9B)
        if key is None or len(key) != _KEY_LENGTHS.get(algorithm):
            return _BAD_DATA
        self._management_key, self._management_algorithm = key, algorithm
        return _DONE

    # -- what it allows -------------------------------------------------------------------------

    def _put_data(self, command: Command) -> Response:
        tag, content = find(command.data, 0x5C), find(command.data, 0x53)
        if (command.p1, command.p2) != (0x3F, 0xFF) or tag is None or content is None:
            return _BAD_DATA
        self._written[int.from_bytes(tag, "big")] = content  # an empty one deletes
        return _DONE

    def _generate(self, command: Command) -> Response:
        algorithm = find(command.data, 0xAC, 0x80)
        if command.p2 not in _SLOTS or algorithm is None:
            return _BAD_DATA
        key = CardKey(Algorithm(algorithm[0]))
        self._replace(command.p2, key)
        return Response(Tlv(0x7F49, key.public_objects).encode(), SW.OK)

    def _import(self, command: Command) -> Response:
        if command.p2 not in _SLOTS:
            return _BAD_DATA
        parts = {item.tag: item.value for item in parse(command.data)}
        self._replace(command.p2, CardKey.imported(Algorithm(command.p1), parts))
        return _DONE

    def _replace(self, slot: int, key: CardKey) -> None:
        self._certify()
        self._slots[slot] = key

    def _set_retries(self, command: Command) -> Response:
        if not self._verified_now():
            return _REFUSED
        self._pin.tries, self._puk.tries = command.p1, command.p2
        self._pin.set(FACTORY_PIN)
        self._puk.set(FACTORY_PUK)
        return _DONE

    def _factory_reset(self) -> Response:
        """Everything as from the factory; only where PIN and PUK are both locked."""
        if self._pin.left or self._puk.left:
            return Response(b"", SW.CONDITIONS_NOT_SATISFIED)
        self._forget_everything()
        self._slots.clear()
        self._written.clear()
        self._management_key, self._management_algorithm = DEFAULT_MANAGEMENT_KEY, _TDES
        for reference, value in ((self._pin, FACTORY_PIN), (self._puk, FACTORY_PUK)):
            reference.tries = _TRIES
            reference.set(value)
        self.reset()
        return _DONE


def _template(tag: int, value: bytes) -> Response:
    return Response(Tlv.of(0x7C, [Tlv(tag, value)]).encode(), SW.OK)
