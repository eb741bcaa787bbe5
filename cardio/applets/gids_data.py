"""What the data objects of a GIDS card say. Pure functions over bytes.

The files of the Windows minidriver are data objects of BER-TLV files; a master file lists them by name
(Windows Smart Card Minidriver Specification 7.07, appendix C; its layout is as Windows and OpenSC write it).
"""

from __future__ import annotations

import re
import warnings
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning

from cardio.errors import ProtocolError
from cardio.tlv import find

_NUMBER = re.compile(r"[0-9A-F]{32}")
_CARD_ID_LENGTH = 16

_MASTER_FILE_VERSION = 1
_NAME_LENGTH = 9  # of a directory and of a file, padded with zeros
_RECORD_LENGTH = 28  # directory, file, 2 of padding, then tag and file identifier in 4 bytes each
_CERTIFICATE_NAME = re.compile(r"k[sx]c([0-9a-f]{2})")

_CONTAINER_LENGTH = 86  # name in UTF-16 (80), flags, reserved, bits of the signature and the exchange key
_CONTAINER_FLAGS = 80
_VALID, _DEFAULT = 0x01, 0x02

_PACKED = b"\x01\x00"
_MAX_CERTIFICATE = 0x8000  # bytes, unpacked
_UNREADABLE = (ValueError, UnsupportedAlgorithm, x509.InvalidVersion)


@dataclass(frozen=True)
class FileRecord:
    """One file of the minidriver: its names, in lower case, and the data object that is its content."""

    directory: str
    name: str
    file: int
    tag: int


def parse_number(text: str) -> str:
    """Read a card identifier as people write it: card-id:HEX, HEX, or as a UUID. Raises ValueError.

    Its bytes stand in the order they have on the card: a GUID that Windows prints has others first.
    """
    kind, colon, number = text.partition(":")
    if not colon:
        kind, number = "card-id", text
    number = number.strip().upper().replace("-", "")
    if kind.strip().lower() != "card-id" or not _NUMBER.fullmatch(number):
        raise ValueError("is not the number of a GIDS card: card-id:32 hexadecimal digits")
    if not _names_one_card(bytes.fromhex(number)):
        raise ValueError("is the number of a GIDS card that has none: all its bytes are alike")
    return number


def number(content: bytes | None) -> str | None:
    """Return the card identifier from the content of the file cardid; None if it names no single card."""
    if content is None or len(content) != _CARD_ID_LENGTH or not _names_one_card(content):
        return None
    return content.hex().upper()


def _names_one_card(identifier: bytes) -> bool:
    """Erased memory, 00 or FF throughout, is the same on many cards."""
    return len(set(identifier)) > 1


def tries(status: bytes) -> int | None:
    """Return the tries left from a PIN status object (7F71), None if it does not tell.

    Tag 97 in version 2 of GIDS, 9F17 before. Raises ProtocolError.
    """
    for tag in (0x97, 0x9F17):
        left = find(status, 0x7F71, tag)
        if left is not None and len(left) == 1:
            return left[0]
    return None


def master_file(content: bytes) -> tuple[FileRecord, ...]:
    """Read the records of the master file; a piece of one at its end is left out. Raises ProtocolError."""
    if content[:1] != bytes([_MASTER_FILE_VERSION]):
        raise ProtocolError("a master file of an unknown version")
    whole = (len(content) - 1) // _RECORD_LENGTH
    starts = range(1, 1 + whole * _RECORD_LENGTH, _RECORD_LENGTH)
    return tuple(_record(content[start : start + _RECORD_LENGTH]) for start in starts)


def _record(data: bytes) -> FileRecord:
    names = (data[:_NAME_LENGTH], data[_NAME_LENGTH : 2 * _NAME_LENGTH])
    directory, name = (part.split(b"\0")[0].decode("latin-1").lower() for part in names)
    return FileRecord(
        directory, name, int.from_bytes(data[24:28], "little"), int.from_bytes(data[20:24], "little")
    )


def find_file(records: Iterable[FileRecord], directory: str, name: str) -> FileRecord | None:
    """The record of a file, None if there is none that a command could ask for."""
    for record in records:
        if (record.directory, record.name) == (directory, name) and _askable(record):
            return record
    return None


def certificates(records: Iterable[FileRecord]) -> tuple[FileRecord, ...]:
    """The certificates of the containers, in their order; of one container the exchange key's first."""
    found = [
        record
        for record in records
        if record.directory == "mscp" and _CERTIFICATE_NAME.fullmatch(record.name) and _askable(record)
    ]
    return tuple(sorted(found, key=lambda record: (container(record), record.name[1] != "x")))


def container(certificate: FileRecord) -> int:
    """The number of the container that a certificate file belongs to."""
    return int(certificate.name[-2:], 16)


def _askable(record: FileRecord) -> bool:
    return 0 < record.file <= 0xFFFF and 0 < record.tag <= 0xFFFF


def default_container(container_map: bytes) -> int | None:
    """Return the number of the container that Windows signs in with, from the file cmapfile; None if none."""
    for index in range(len(container_map) // _CONTAINER_LENGTH):
        flags = container_map[index * _CONTAINER_LENGTH + _CONTAINER_FLAGS]
        if flags & _VALID and flags & _DEFAULT:
            return index
    return None


def chosen(found: Sequence[FileRecord], default: int | None) -> FileRecord:
    """The certificate of the default container, else the first of at least one."""
    return next((record for record in found if container(record) == default), found[0])


def expiry(content: bytes) -> datetime:
    """Return when the certificate in a certificate file ends (UTC). Raises ProtocolError.

    The file is 01 00, the length unpacked (2 bytes, little-endian), and the certificate packed with
    zlib; some middleware writes it as it is.
    """
    encoded = _unpacked(content) if content.startswith(_PACKED) else content
    try:
        with warnings.catch_warnings():  # cards in the field have serial numbers that are not positive
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return x509.load_der_x509_certificate(encoded).not_valid_after_utc
    except _UNREADABLE as error:
        raise ProtocolError("the certificate cannot be read") from error


def _unpacked(content: bytes) -> bytes:
    length = int.from_bytes(content[2:4], "little")
    if length > _MAX_CERTIFICATE:
        raise ProtocolError(f"the packed certificate claims {length} bytes")
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(content[4:], length + 1)
    except zlib.error as error:
        raise ProtocolError("the packed certificate cannot be unpacked") from error
    if len(plain) != length or not unpacker.eof:
        raise ProtocolError("the packed certificate is not as long as it claims")
    return plain
