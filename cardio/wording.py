"""What the APDUs of a session mean in words, and which of their bytes are nobody's secret.

What may be shown is on a list: a command or an object that is not on it keeps its bytes to itself.
"""

from __future__ import annotations

from cardio.apdu import Command, Response
from cardio.applications import PIV, Application, application
from cardio.errors import ProtocolError
from cardio.names import Ins, instruction
from cardio.tlv import parse

_METADATA = 0xF7  # of PIV, by Yubico
_READ_PUBLIC_KEY = 0x81  # P1 of GENERATE KEY PAIR: of the pair that is there
_BY_NAME = 0x04  # P1 of SELECT
_LONGEST_NAME, _LONGEST_TAG = 16, 3  # bytes
_REFERENCES = (0x80, 0x83, 0x84, 0x95)  # objects of MANAGE SECURITY ENVIRONMENT that name a key or its use
_CHAINING, _LOGICAL_CHANNELS = 0x10, 0x03
_FILES = {b"\x3f\x00": "MF", b"\x2f\x00": "EF.DIR", b"\x2f\x01": "EF.ATR/INFO"}
_EF_DIR = b"\x2f\x00"
_EF_DIR_SHORT = 0x1E  # its short identifier (ISO 7816-4:2013, 12.2.1)


class Session:
    """One session with a card. `answered` is to be told of each exchange, for what is selected decides."""

    def __init__(self) -> None:
        self._selected: Application | None = None
        self._name = ""
        self._in_directory = False
        self._asked: Command | None = None

    @property
    def application(self) -> str:
        """What is selected: its name, or its AID where it has none here; empty at first."""
        return self._name

    def asked(self, command: Command) -> Command:
        """The command whose answer this one fetches: itself, but for GET RESPONSE."""
        if command.ins != Ins.GET_RESPONSE or self._asked is None:
            self._asked = command
        return self._asked

    def answered(self, command: Command, response: Response) -> None:
        """Take note of what a SELECT that succeeded has selected."""
        if command.ins != Ins.SELECT or not (response.ok or response.sw >> 8 == 0x61):
            return
        if not self.harmless(command):
            return
        self._in_directory = command.p1 != _BY_NAME and command.data[-2:] == _EF_DIR
        if command.p1 == _BY_NAME:
            self._selected = application(command.data)
            self._name = _application_name(command.data)

    def words(self, command: Command) -> str:
        """What a command asks for."""
        own = self._selected.instructions if self._selected else {}
        name = own.get(command.ins) or instruction(command.ins)
        aim = self._aim(command)
        chained = ", part of a chain" if command.cla & _CHAINING else ""
        return f"{name}{aim and f': {aim}'}{chained}"

    def _aim(self, command: Command) -> str:
        """What the instruction is about: the file, secret, key or object its parameters name."""
        match command.ins:
            case Ins.SELECT:
                return _selection(command) if self.harmless(command) else ""
            case Ins.VERIFY:
                end = "; log out" if command.p1 == 0xFF else "; state alone"
                return self._reference(command.p2) + ("" if command.data else end)
            case Ins.CHANGE_REFERENCE_DATA | Ins.RESET_RETRY_COUNTER | Ins.GENERAL_AUTHENTICATE_BER:
                return self._reference(command.p2)
            case Ins.GET_DATA | Ins.PUT_DATA:
                return self._object(command.p1 << 8 | command.p2)
            case Ins.GET_DATA_BER:
                return self._object(_tag(command.data)) if self.harmless(command) else ""
            case Ins.PUT_DATA_BER:
                return self._known_object(command.data)
            case Ins.READ_BINARY | Ins.READ_RECORD:
                return "EF.DIR" if self._reads_directory(command) else ""
        return self._reference(command.p2) if self._selected is PIV and command.ins == _METADATA else ""

    def _reference(self, p2: int) -> str:
        known = self._selected.references if self._selected else {}
        return known.get(p2, f"reference {p2:02X}")

    def _object(self, tag: int | None) -> str:
        if tag is None:
            return ""
        known = self._selected.objects if self._selected else {}
        return known.get(tag, f"object {tag:02X}")

    def _known_object(self, data: bytes) -> str:
        """The object that PUT DATA is about to write, from the tag list in front of it, if it has a name."""
        tag = _tag(data[: 2 + data[1]]) if len(data) > 1 else None
        known = self._selected.objects if self._selected else {}
        return known.get(tag, "") if tag is not None else ""

    def harmless(self, command: Command) -> bool:
        """Whether a command's data may be shown: they name what is wanted, and carry nothing."""
        if not command.data:
            return True
        if command.cla & ~_LOGICAL_CHANNELS:  # part of a chain, secure messaging, or a vendor's own
            return False
        match command.ins:
            case Ins.SELECT:
                return len(command.data) <= _LONGEST_NAME
            case Ins.GET_DATA_BER:
                return _tag(command.data) is not None
            case Ins.SELECT_DATA:
                return _tag(_value(command.data, 0x60) or b"") is not None
            case Ins.MANAGE_SECURITY_ENVIRONMENT:
                return _names_keys(command.data)
            case Ins.GENERATE_KEY_PAIR_BER:
                return _reads_public_key(command)
        return False

    def public(self, command: Command) -> bool:
        """Whether the answer to a command may be shown."""
        if command.cla & ~_LOGICAL_CHANNELS or not self.harmless(command):
            return False
        match command.ins:
            case Ins.SELECT:
                return True
            case Ins.GET_DATA:
                return self._is_public(command.p1 << 8 | command.p2)
            case Ins.GET_DATA_BER:
                return self._is_public(_tag(command.data))
            case Ins.READ_BINARY | Ins.READ_RECORD:
                return self._reads_directory(command)
            case Ins.GENERATE_KEY_PAIR_BER:
                return _reads_public_key(command)
        return self._selected is not None and command.ins in self._selected.public_instructions

    def _is_public(self, tag: int | None) -> bool:
        return self._selected is not None and tag in self._selected.public

    def _reads_directory(self, command: Command) -> bool:
        """Whether READ BINARY or READ RECORD is about EF.DIR, which lists applications and nothing else."""
        if command.ins == Ins.READ_RECORD:
            short = command.p2 >> 3
        else:
            short = command.p1 & 0x1F if command.p1 & 0x80 else 0
        return short == _EF_DIR_SHORT and not self._name if short else self._in_directory


def _selection(command: Command) -> str:
    if command.p1 == _BY_NAME:
        return _application_name(command.data)
    return _FILES.get(command.data[-2:], f"file {command.data.hex().upper()}") if command.data else "MF"


def _application_name(aid: bytes) -> str:
    known = application(aid)
    return known.name if known else aid[:_LONGEST_NAME].hex().upper()


def _tag(data: bytes) -> int | None:
    """The tag in a tag list (5C) of one; None where the data are not exactly that."""
    tag = _value(data, 0x5C)
    return int.from_bytes(tag, "big") if tag and len(tag) <= _LONGEST_TAG else None


def _value(data: bytes, tag: int) -> bytes | None:
    """The value of data that are exactly one object of that tag."""
    try:
        (only,) = parse(data)
    except (ProtocolError, ValueError):
        return None
    return only.value if only.tag == tag and only.encode() == data else None


def _names_keys(data: bytes) -> bool:
    """Whether the objects of MANAGE SECURITY ENVIRONMENT do no more than name keys and algorithms."""
    try:
        objects = parse(data)
    except ProtocolError:
        return False
    named = all(item.tag in _REFERENCES and len(item.value) <= 1 for item in objects)
    return named and b"".join(item.encode() for item in objects) == data


def _reads_public_key(command: Command) -> bool:
    """GENERATE ASYMMETRIC KEY PAIR in its form that only reads (ISO 7816-8; OpenPGP 3.4, 7.2.14)."""
    return command.p1 == _READ_PUBLIC_KEY and len(command.data) == 2 and command.data[1] == 0
