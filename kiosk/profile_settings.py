"""[cards.profiles.NAME] of kiosk.toml: a card described by its site, in the terms of ISO 7816-4."""

from __future__ import annotations

import string
from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator

from cardio.profile import Answers, Coding, PasscodeRules, PukRules
from cardio.source import ProfileError, Source
from kiosk.section import NAME, Section, fault

T = TypeVar("T")


def _plain(text: str, least: int, most: int) -> str:
    plain = text.replace(" ", "").replace(":", "").upper()
    try:
        length = len(bytes.fromhex(plain))
    except ValueError:
        raise ValueError("must be bytes in hexadecimal") from None
    if not least <= length <= most:
        count = f"{2 * least}" if least == most else f"{2 * least} to {2 * most}"
        raise ValueError(f"must have {count} hexadecimal digits")
    return plain


def hexadecimal(least: int, most: int) -> AfterValidator:
    """That many bytes, written in hexadecimal; spaces and colons between them do not matter."""
    return AfterValidator(partial(_plain, least=least, most=most))


Byte = Annotated[str, hexadecimal(1, 1)]
OptionalByte = Annotated[str, hexadecimal(0, 1)]
FileIdentifier = Annotated[str, hexadecimal(2, 2)]
Tag = Annotated[str, hexadecimal(1, 3)]
OptionalTag = Annotated[str, hexadecimal(0, 3)]
StatusWord = Annotated[str, hexadecimal(2, 2)]
Reset = Literal["00", "01", "02"]
Change = Literal["00", "01"]
Encoding = Literal["ascii", "bcd", "pin-block"]


class SourceTable(Section):
    """Where on the card a value is."""

    file: tuple[FileIdentifier, ...] = ()
    select_p1: Literal["00", "02", "08"] = "00"
    select_p2: Literal["00", "04", "0C"] = "0C"
    short_ef: int = Field(0, ge=0, le=30)
    data_object: OptionalTag = ""
    header_list: Annotated[str, hexadecimal(0, 64)] = ""
    get_data: Literal["CA", "CB"] = "CA"
    cla: Byte = "00"
    tlv: tuple[Tag, ...] = ()
    offset: int = Field(0, ge=0, le=4096)
    length: int = Field(0, ge=0, le=255)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        checked(self, self.source)
        return self

    def source(self) -> Source:
        """As cardio has it. Raises ProfileError."""
        return Source(
            file=tuple(bytes.fromhex(identifier) for identifier in self.file),
            select_p1=_SELECT_P1[self.select_p1],
            select_p2=int(self.select_p2, 16),
            short_ef=self.short_ef or None,
            data_object=bytes.fromhex(self.data_object),
            header_list=bytes.fromhex(self.header_list),
            get_data=0xCA if self.get_data == "CA" else 0xCB,
            cla=int(self.cla, 16),
            tlv=tuple(int(tag, 16) for tag in self.tlv),
            offset=self.offset,
            length=self.length,
        )


class SerialTable(SourceTable):
    """Where the card's serial number is, and how it is written."""

    written: Literal["hex", "ascii", "bcd"] = "hex"
    kind: str = Field("serial", pattern=NAME)


class PasscodeTable(Section):
    """The passcode of such a card."""

    reference: Byte
    min_length: int = 6
    max_length: int = 8
    alphabet: str = string.digits
    encoding: Encoding = "ascii"
    pad: OptionalByte = ""
    pad_to: int = Field(0, ge=0, le=64)
    change_p1: Change = "00"
    status_query: bool = False
    status_cla: Byte = "00"
    tries: SourceTable | None = None
    wrong: tuple[StatusWord, ...] = ("6300", "6982")
    locked: tuple[StatusWord, ...] = ("6983", "6984")
    bad_format: tuple[StatusWord, ...] = ("6700", "6A80")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        checked(self, self.rules)
        return self

    def rules(self) -> PasscodeRules:
        """As cardio has it. Raises ProfileError."""
        return PasscodeRules(
            reference=int(self.reference, 16),
            min_length=self.min_length,
            max_length=self.max_length,
            alphabet=self.alphabet,
            coding=Coding(self.encoding, _optional(self.pad), self.pad_to),
            status_query=self.status_query,
            status_cla=int(self.status_cla, 16),
            tries=self.tries.source() if self.tries else None,
            change_p1=0 if self.change_p1 == "00" else 1,
            answers=_answers(self.wrong, self.locked, self.bad_format),
        )


class PukTable(Section):
    """The unblock secret of such a card."""

    reset_p1: Reset
    name: str = Field("PUK", min_length=1, max_length=24)
    reference: OptionalByte = ""
    reset_reference: OptionalByte = ""
    lengths: tuple[int, ...] = (8,)
    alphabet: str = string.digits
    encoding: Literal[Encoding, "binary"] = "ascii"
    pad: OptionalByte = ""
    pad_to: int = Field(0, ge=0, le=64)
    replaceable: bool = False
    status_query: bool = False
    status_cla: Byte = "00"
    tries: SourceTable | None = None
    wrong: tuple[StatusWord, ...] = ("6300", "6982", "6985")
    locked: tuple[StatusWord, ...] = ("6983", "6984")
    bad_format: tuple[StatusWord, ...] = ("6700", "6A80")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        checked(self, self.rules)
        return self

    @property
    def tells_tries(self) -> bool:
        """Whether the card can be asked for the tries left of its PUK."""
        return self.status_query or self.tries is not None

    def rules(self) -> PukRules:
        """As cardio has it. Raises ProfileError."""
        return PukRules(
            reference=_optional(self.reference),
            name=self.name,
            lengths=self.lengths,
            alphabet=self.alphabet,
            coding=Coding(self.encoding, _optional(self.pad), self.pad_to),
            reset_p1=_RESET_P1[self.reset_p1],
            reset_reference=_optional(self.reset_reference),
            status_query=self.status_query,
            status_cla=int(self.status_cla, 16),
            tries=self.tries.source() if self.tries else None,
            replaceable=self.replaceable,
            answers=_answers(self.wrong, self.locked, self.bad_format),
        )


_SELECT_P1: dict[Literal["00", "02", "08"], Literal[0, 2, 8]] = {"00": 0, "02": 2, "08": 8}
_RESET_P1: dict[Reset, Literal[0, 1, 2]] = {"00": 0, "01": 1, "02": 2}


def checked(table: Section, make: Callable[[], T]) -> T:
    """What cardio makes of a table; what it refuses becomes a fault of the key it names."""
    try:
        return make()
    except ProfileError as refused:
        raise fault(type(table).__name__, refused.key, refused.reason) from None


def _optional(text: str) -> int | None:
    return int(text, 16) if text else None


def _answers(wrong: tuple[str, ...], locked: tuple[str, ...], bad_format: tuple[str, ...]) -> Answers:
    return Answers(*(frozenset(int(word, 16) for word in words) for words in (wrong, locked, bad_format)))
