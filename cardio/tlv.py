"""BER-TLV data objects as smart cards use them (ISO 7816-4:2013, 5.2.2).

Everything parsed here comes from a card, which may be hostile: lengths that lie, tags that never
end and objects nested without end are a ProtocolError, never an endless loop or a deep recursion.
Parsing goes one level at a time; nested objects are parsed only where somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from cardio.errors import ProtocolError

_MAX_TAG_BYTES = 3  # ISO 7816-4 allows no longer tag
_MAX_LENGTH_BYTES = 4
_FILLERS = (0x00, 0xFF)  # may stand before, between and after objects, without meaning


@dataclass(frozen=True)
class Tlv:
    """One data object. The value is kept out of ``repr``: it may be a secret."""

    tag: int
    value: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Return tag, shortest length and value."""
        return _encode_tag(self.tag) + _encode_length(len(self.value)) + self.value

    @classmethod
    def of(cls, tag: int, children: Iterable[Tlv]) -> Self:
        """Make a constructed object."""
        return cls(tag, b"".join(child.encode() for child in children))


def parse(data: bytes) -> list[Tlv]:
    """Parse a sequence of data objects, one level deep. Raises ProtocolError."""
    return list(_walk(data))


def find(data: bytes, *path: int) -> bytes | None:
    """Return the value of the first object at ``path`` (tags from the outermost inwards), or None.

    Raises ProtocolError where the data on the way is not well-formed.
    """
    for tag in path:
        inner = next((item.value for item in parse(data) if item.tag == tag), None)
        if inner is None:
            return None
        data = inner
    return data


def first(data: bytes, tag: int) -> bytes | None:
    """Return the value of the first object of that tag, or None. What follows it is not looked at.

    Raises ProtocolError where the data up to it are not well-formed.
    """
    return next((item.value for item in _walk(data) if item.tag == tag), None)


def _walk(data: bytes) -> Iterator[Tlv]:
    position = 0
    while position < len(data):
        if data[position] in _FILLERS:
            position += 1
            continue
        tag, position = _read_tag(data, position)
        length, position = _read_length(data, position)
        if length > len(data) - position:
            raise ProtocolError(f"TLV {tag:X} claims {length} bytes, {len(data) - position} remain")
        yield Tlv(tag, data[position : position + length])
        position += length


def _read_tag(data: bytes, position: int) -> tuple[int, int]:
    end = position + 1
    if data[position] & 0x1F == 0x1F:  # the tag number is in the bytes that follow
        while True:
            if end >= len(data):
                raise ProtocolError("TLV ends within a tag")
            if end - position >= _MAX_TAG_BYTES:
                raise ProtocolError("TLV tag is too long")
            end += 1
            if not data[end - 1] & 0x80:
                break
    return int.from_bytes(data[position:end], "big"), end


def _read_length(data: bytes, position: int) -> tuple[int, int]:
    if position >= len(data):
        raise ProtocolError("TLV ends before its length")
    first = data[position]
    position += 1
    if first < 0x80:
        return first, position
    count = first & 0x7F
    if not 1 <= count <= _MAX_LENGTH_BYTES:  # 80 is the indefinite form, which cards do not use
        raise ProtocolError(f"TLV length of the form {first:02X}")
    if position + count > len(data):
        raise ProtocolError("TLV ends within a length")
    return int.from_bytes(data[position : position + count], "big"), position + count


def _encode_tag(tag: int) -> bytes:
    return tag.to_bytes(max(1, (tag.bit_length() + 7) // 8), "big")


def _encode_length(length: int) -> bytes:
    if length < 0x80:
        return bytes([length])
    encoded = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(encoded)]) + encoded
