"""Historical bytes of an answer to reset (ISO 7816-4:2013, 12.1.1): what a card says about itself.

Like the whole ATR they may be anything: what cannot be read is an `Item` that says so.
"""

from __future__ import annotations

from dataclasses import dataclass

_COMPACT, _COMPACT_STATUS, _DIR_REFERENCE = 0x80, 0x00, 0x10  # the category indicator byte
_STATUS_TAG = 8
_NAMES = {
    1: "country",
    2: "issuer number",
    3: "card service",
    4: "initial access",
    5: "issuer's data",
    6: "pre-issuing data",
    7: "capabilities",
    _STATUS_TAG: "status",
    15: "application",
}
_SELECTION = (
    (0x80, "full name"), (0x40, "partial name"), (0x20, "path"), (0x10, "file identifier"), (0x08, "implicit")
)  # fmt: skip
_SERVICE = ((0x80, "full name"), (0x40, "partial name"))
_DIRECTORIES = ((0x20, "EF.DIR"), (0x10, "EF.ATR/INFO"))
_LENGTHS = ((0x80, "command chaining"), (0x40, "extended length"), (0x20, "lengths in EF.ATR/INFO"))
_LIFE_CYCLE = {
    0x00: "not told",
    0x01: "creation",
    0x03: "initialisation",
    0x04: "deactivated",
    0x05: "activated",
    0x06: "deactivated",
    0x07: "activated",
    0x0C: "terminated",
    0x0D: "terminated",
    0x0E: "terminated",
    0x0F: "terminated",
}


@dataclass(frozen=True)
class Item:
    """One thing the historical bytes say: its name, its bytes, and what they mean in words."""

    name: str
    value: bytes
    meaning: str


def read(historical: bytes) -> tuple[Item, ...]:
    """Decode historical bytes by their category. Raises nothing, whatever the bytes."""
    if not historical:
        return ()
    category, rest = historical[0], historical[1:]
    if category == _COMPACT:
        return tuple(_objects(rest))
    if category == _COMPACT_STATUS:
        if len(rest) < 3:
            return (Item("status", rest, "cut short"),)
        return (*_objects(rest[:-3]), _status(rest[-3:]))
    if category == _DIR_REFERENCE:
        return (Item("directory reference", rest, _plain(rest)),)
    return (Item("proprietary", historical, _plain(historical)),)


def _objects(data: bytes) -> list[Item]:
    """Compact-TLV objects: one byte holds tag and length (12.1.1.2)."""
    items: list[Item] = []
    position = 0
    while position < len(data):
        tag, length = data[position] >> 4, data[position] & 0x0F
        value = data[position + 1 : position + 1 + length]
        name = _NAMES.get(tag, f"object {tag}")
        if len(value) < length:
            return [*items, Item(name, value, "cut short")]
        items.append(_status(value) if tag == _STATUS_TAG else Item(name, value, _meaning(tag, value)))
        position += 1 + length
    return items


def _meaning(tag: int, value: bytes) -> str:
    if tag == 1:
        return f"ISO 3166 code {value.hex()[:3]}"
    if tag == 3 and len(value) == 1:
        return _service(value[0])
    if tag == 7 and value:
        return _capabilities(value)
    if tag in (2, 15):
        return value.hex().upper()
    return _plain(value)


def _service(value: int) -> str:
    said = [f"select by {' or '.join(names)}" if (names := _named(_SERVICE, value)) else ""]
    said.append(f"data in {' and '.join(names)}" if (names := _named(_DIRECTORIES, value)) else "")
    said.append("no MF" if value & 0x01 else "has an MF")
    return ", ".join(filter(None, said))


def _capabilities(value: bytes) -> str:
    said = [f"select by {' or '.join(names)}" if (names := _named(_SELECTION, value[0])) else ""]
    if len(value) > 2:
        said += _named(_LENGTHS, value[2])
        channels = (value[2] & 0x07) + 1
        said.append(f"{channels} logical channels" if value[2] & 0x18 and channels > 1 else "")
    return ", ".join(filter(None, said))


def _status(value: bytes) -> Item:
    """Life cycle, status word, or one after the other (12.1.1.11)."""
    said = []
    if len(value) in (1, 3):
        said.append(
            f"life cycle: {_LIFE_CYCLE.get(value[0], 'proprietary' if value[0] > 0x0F else 'reserved')}"
        )
    if len(value) in (2, 3) and any(value[-2:]):
        said.append(f"status word {value[-2:].hex().upper()}")
    return Item("status", value, ", ".join(said))


def _named(table: tuple[tuple[int, str], ...], value: int) -> list[str]:
    return [name for bit, name in table if value & bit]


def _plain(value: bytes) -> str:
    """The value as text where it is text, else empty: the bytes are there for everything else."""
    text = value.decode("ascii", "replace")
    return text if value and text.isascii() and text.isprintable() else ""
