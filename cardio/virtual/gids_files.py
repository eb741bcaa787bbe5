"""The files of a virtual GIDS card, and what the Windows minidriver keeps in them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from cardio.errors import ProtocolError
from cardio.tlv import find

_DATA_FILE, _KEY_FILE = 0x39, 0x18  # file descriptor bytes: BER-TLV, internal
_NEVER = 0xFF
_MASTER_FILE = (0xA000, 0xDF1F)
_KEY_MAP = (0xA000, 0xDF20)
_NAMED = {  # directory and name -> file, tag
    ("", "cardid"): (0xA012, 0xDF20),
    ("", "cardapps"): (0xA010, 0xDF21),
    ("", "cardcf"): (0xA010, 0xDF22),
    ("mscp", "cmapfile"): (0xA010, 0xDF23),
}
_CERTIFICATE = ("mscp", "kxc00"), (0xA010, 0xDF24)
_ACCESS = {  # file -> security conditions of PUT DATA and GET DATA
    0xA000: (0x30, 0x00),
    0xA010: (0x30, 0x00),
    0xA011: (0x30, 0xFF),
    0xA012: (0x20, 0x00),
    0xA013: (0x30, 0x30),
    0xA014: (0x20, 0x20),
}


@dataclass
class File:
    """A file with its security conditions: 00 always, FF never, 10 the passcode, 20 the admin key, or either.

    ``write`` is that of PUT DATA, ``read`` that of GET DATA. A key file (``key``) holds no objects.
    """

    write: int
    read: int
    key: bool = False
    objects: dict[int, bytes] = field(default_factory=dict, repr=False)

    @classmethod
    def created(cls, template: bytes) -> tuple[int, File]:
        """Make a file from the file control parameters of CREATE FILE, with its identifier.

        Raises ProtocolError for parameters that are none, or of another kind of file.
        """
        parameters = [find(template, 0x62, tag) or b"" for tag in (0x82, 0x83, 0x8C)]
        descriptor, identifier, access = parameters
        if len(descriptor) != 1 or descriptor[0] not in (_DATA_FILE, _KEY_FILE) or len(identifier) != 2:
            raise ProtocolError("file control parameters of another kind")
        conditions = access[1:]  # in the order of the access mode's bits, GET DATA last
        write, read = conditions[-2:] if len(conditions) > 1 else (_NEVER, _NEVER)
        return int.from_bytes(identifier, "big"), cls(write, read, descriptor[0] == _KEY_FILE)


def formatted(card_id: bytes, certificate: bytes | None, key_bits: int) -> dict[int, File]:
    """The files as Windows sets them up, with a certificate in one container of a key of that many bits."""
    files = {identifier: File(*access) for identifier, access in _ACCESS.items()}
    content = {
        ("", "cardid"): card_id,
        ("", "cardapps"): b"mscp".ljust(8, b"\0"),
        ("", "cardcf"): bytes(6),
        ("mscp", "cmapfile"): b"" if certificate is None else container(key_bits),
    }
    named = dict(_NAMED)
    if certificate is not None:
        name, place = _CERTIFICATE
        named[name], content[name] = place, packed(certificate)
        key_map = b"\x01" + bytes([1, 0, 0, 0, 0x07, 0x9A, 0x81, 0xB0, 0xFF, 0xFF, 0, 0])
        files[_KEY_MAP[0]].objects[_KEY_MAP[1]] = key_map
    for name, (identifier, tag) in named.items():
        files[identifier].objects[tag] = content[name]
    files[_MASTER_FILE[0]].objects[_MASTER_FILE[1]] = master_file(named)
    return files


def master_file(named: dict[tuple[str, str], tuple[int, int]]) -> bytes:
    """The master file: version, the record of the directory mscp, and one of each file."""
    records = {("mscp", ""): (0xA000, 0), **named}
    return b"\x01" + b"".join(_record(*name, *place) for name, place in records.items())


def _record(directory: str, name: str, identifier: int, tag: int) -> bytes:
    names = b"".join(part.encode("ascii").ljust(9, b"\0") for part in (directory, name))
    return names + bytes(2) + tag.to_bytes(4, "little") + identifier.to_bytes(4, "little")


def container(key_bits: int, *, name: str = "virtual", default: bool = True) -> bytes:
    """A valid container's record for cmapfile, with an exchange key."""
    flags = 0x03 if default else 0x01
    return (
        name.encode("utf-16-le").ljust(80, b"\0") + bytes([flags, 0, 0, 0]) + key_bits.to_bytes(2, "little")
    )


def packed(certificate: bytes) -> bytes:
    """A certificate as the minidriver stores it."""
    return b"\x01\x00" + len(certificate).to_bytes(2, "little") + zlib.compress(certificate)
