"""A roll of cards and their holders: a CSV file (RFC 4180) in UTF-8, taken in if every line of it can be."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import BinaryIO, TextIO, TypeVar

from cardio.card import Family, KeyUse
from kiosk.arrivals import Change, NewCard, NewHolder, NewRow, RowFault, RowsRefused, Stage
from kiosk.families import families
from kiosk.office import fields
from kiosk.office.office import office
from kiosk.settings import Settings

T = TypeVar("T")

COLUMNS = ("holder_id", "name", "email", "family", "serial", "unblock_secret")
OPTIONAL = ("card_key",)


async def import_roll(
    settings: Settings, file: BinaryIO, *, by: str, told: Callable[[Stage, int, int], None]
) -> tuple[Sequence[RowFault], Mapping[str, int]]:
    """Bring a file in; every fault by its line, or how many cards were added, renewed and unchanged.

    ``file`` is gone through twice. ``told`` is told which of how many lines was reached.
    """
    roll = Roll(file, families(settings), settings.email.domains)
    async with office(settings) as parts:
        try:
            counts = await parts.enrolment.import_all(
                roll, by=by, told=lambda stage, line: told(stage, line, roll.lines)
            )
        except RowsRefused as refused:
            return refused.faults, {}
    return (), {change.value: counts[change] for change in Change}


class Roll:
    """The rows of a file, and what is wrong with others: read anew whenever it is gone through.

    No fault repeats what the row says. ``lines``: how many the file has.
    """

    def __init__(self, file: BinaryIO, known: Sequence[Family], domains: Sequence[str]) -> None:
        self._file = file
        self._known = {family.name: family for family in known}
        self._domains = domains
        self.lines, self._not_text = _lines(file)

    def __iter__(self) -> Iterator[NewRow | RowFault]:
        if self._not_text:
            yield RowFault(self._not_text, "is not UTF-8: save the file as 'CSV UTF-8'")
            return
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, "utf-8-sig", newline="")
        try:
            yield from self._rows(_records(text))
        finally:
            text.detach()  # or the file would be closed

    def _rows(self, records: Iterator[tuple[int, list[str]] | RowFault]) -> Iterator[NewRow | RowFault]:
        names: list[str] = []
        for record in records:
            if isinstance(record, RowFault):
                yield record
                continue
            line, cells = record
            if not names:
                names = [name.strip().lower() for name in cells]
                if fault := _heading_fault(names):
                    yield RowFault(line, fault)
                    return
            elif len(cells) == len(names):
                yield from _Record(line, dict(zip(names, cells, strict=True))).read(
                    self._known, self._domains
                )
            else:
                yield RowFault(line, f"has {len(cells)} columns, the heading has {len(names)}")
        if not names:
            yield RowFault(1, _heading_fault(()))


def _lines(file: BinaryIO) -> tuple[int, int]:
    """How many lines it has, and the first that is not UTF-8 (0: there is none)."""
    number = 0
    file.seek(0)
    for number, line in enumerate(file, 1):
        try:
            line.decode()
        except UnicodeDecodeError:
            return number, number
    return number, 0


def _records(text: TextIO) -> Iterator[tuple[int, list[str]] | RowFault]:
    """Each record with the line it begins in; empty lines are left out. What csv cannot read ends it."""
    table = csv.reader(text, strict=True)
    while True:
        begins = table.line_num + 1
        try:
            record = next(table)
        except StopIteration:
            return
        except csv.Error as error:
            yield RowFault(begins, f"cannot be read from here on: {error}")
            return
        if record:
            yield begins, record


def _heading_fault(names: Sequence[str]) -> str:
    missing = [name for name in COLUMNS if name not in names]
    unknown = [name for name in names if name not in COLUMNS + OPTIONAL]
    if len(names) == 1 and any(mark in names[0] for mark in ";\t"):
        return "the columns must be separated by commas"
    if missing:
        return f"the heading lacks {', '.join(missing)}"
    if unknown:
        return f"the heading has a column that is not known; known are {', '.join(COLUMNS + OPTIONAL)}"
    return "the heading names a column twice" if len(set(names)) < len(names) else ""


class _Record:
    """One record of a file."""

    def __init__(self, line: int, columns: Mapping[str, str]) -> None:
        self._line = line
        self._columns = columns
        self._faults: list[RowFault] = []

    def read(self, known: Mapping[str, Family], domains: Sequence[str]) -> Iterator[NewRow | RowFault]:
        """The row, or all that is wrong with it."""
        row = self._row(known, domains)
        if row is not None and not self._faults:
            yield row
        yield from self._faults

    def _row(self, known: Mapping[str, Family], domains: Sequence[str]) -> NewRow | None:
        holder_id = self._value("holder_id", fields.holder_id)
        name = self._value("name", fields.name)
        email = self._value("email", fields.email, domains)
        family = known.get(self._columns["family"].strip().lower())
        if family is None:
            self._fault("family", f"is none of those configured: {', '.join(known)}")
            return None
        card = self._value("serial", fields.card_id, family)
        secret = self._optional("unblock_secret", fields.unblock_secret, family)
        key = self._optional("card_key", fields.card_key, family, KeyUse.FREE)
        if holder_id is None or name is None or email is None or card is None:
            return None
        return NewRow(self._line, NewHolder(holder_id, name, email), NewCard(card, secret, key))

    def _optional(self, column: str, check: Callable[..., T], *rules: object) -> T | None:
        return self._value(column, check, *rules) if self._columns.get(column, "").strip() else None

    def _value(self, column: str, check: Callable[..., T], *rules: object) -> T | None:
        """The clean value, None where there is a fault."""
        try:
            return check(self._columns[column], *rules)
        except ValueError as wrong:
            self._fault(column, str(wrong))
            return None

    def _fault(self, column: str, reason: str) -> None:
        self._faults.append(RowFault(self._line, f"{column} {reason}"))
