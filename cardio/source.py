"""Where a card of an ISO 7816-4 profile keeps a value: in a file or in a data object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Written = Literal["hex", "ascii", "bcd"]
"""How a serial number is written: as bytes, as letters and digits, or two digits a byte."""

MASTER_FILE = bytes.fromhex("3F00")

NO_ANSWER = 0x0C
"""P2 of SELECT: no control information wanted, and so no Le."""


class ProfileError(ValueError):
    """A profile that no card could have. ``key`` is the setting at fault, with dots between tables."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key = key
        self.reason = reason


@dataclass(frozen=True)
class Source:
    """Where a value is: in an elementary file, by its path or short identifier, or in a data object.

    ``file``: the identifiers of two bytes that lead to it. From 3F00 on it is read before the
    application is selected, else within it. ``select_p1`` 0: each identifier by a SELECT with P1 00; 2: the
    last one with P1 02, as an elementary file; 8: the whole path at once, with P1 08, or 09 within the
    application. ``select_p2``: its P2; with 0C it goes without Le.
    ``data_object``: a tag, for GET DATA with INS ``get_data``: CA (tag in P1-P2), or CB (in a tag list);
    ``header_list``: an extended header list for INS CB instead. ``tlv``: the objects around the value,
    from the outermost inwards. ``offset`` and ``length`` cut what is left; length 0: up to its end.
    Raises ProfileError.
    """

    file: tuple[bytes, ...] = ()
    select_p1: Literal[0, 2, 8] = 0
    select_p2: int = NO_ANSWER
    short_ef: int | None = None
    data_object: bytes = b""
    header_list: bytes = b""
    get_data: Literal[0xCA, 0xCB] = 0xCA
    cla: int = 0x00
    tlv: tuple[int, ...] = ()
    offset: int = 0
    length: int = 0

    def __post_init__(self) -> None:
        places = (bool(self.file), self.short_ef is not None, bool(self.data_object), bool(self.header_list))
        if sum(places) != 1:
            raise ProfileError("file", "give one of file, short_ef, data_object and header_list")
        if any(len(identifier) != 2 for identifier in self.file):
            raise ProfileError("file", "a file identifier has four hexadecimal digits")
        if self.file == (MASTER_FILE,):
            raise ProfileError("file", "3F00 is the master file; what is read is a file in it")
        if self.short_ef is not None and not 1 <= self.short_ef <= 30:
            raise ProfileError("short_ef", "a short file identifier is 1 to 30")
        if self.get_data == 0xCA and len(self.data_object) > 2:
            raise ProfileError("data_object", 'a tag of three bytes needs get_data = "CB"')

    @property
    def absolute(self) -> bool:
        """Whether it is read from the master file on, outside of any application."""
        return self.file[:1] == (MASTER_FILE,)
