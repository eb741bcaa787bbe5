"""A roll of cards and their holders: a CSV file (RFC 4180) in UTF-8, taken in if every line of it can be."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from cardio.card import Family, KeyUse
from kiosk.enrolment import Change, NewCard, NewHolder, NewRow, RowFault, RowsRefused
from kiosk.families import families
from kiosk.intake import Told, silent
from kiosk.office import fields
from kiosk.office.office import office
from kiosk.settings import Settings

T = TypeVar("T")

COLUMNS = ("holder_id", "name", "email", "family", "serial", "unblock_secret")
OPTIONAL = ("card_key",)


@dataclass
class Roll:
    """What a file holds: rows that can be taken in, and why the others cannot."""

    rows: list[NewRow] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)


async def import_roll(
    settings: Settings, content: bytes, *, by: str, told: Told = silent
) -> tuple[Sequence[RowFault], Mapping[str, int]]:
    """Bring a file in; every fault by its line, or how many cards were added, renewed and unchanged."""
    roll = read_roll(content, families(settings), settings.email.domains)
    async with office(settings) as parts:
        if roll.faults:  # the store may have more to say, so that one correction is enough
            return sorted(roll.faults + await parts.enrolment.faults(roll.rows)), {}
        try:
            counts = await parts.enrolment.import_all(roll.rows, by=by, told=told)
        except RowsRefused as refused:
            return refused.faults, {}
    return (), {change.value: counts[change] for change in Change}


def read_roll(content: bytes, known: Sequence[Family], domains: Sequence[str]) -> Roll:
    """Read a file. Every row with a fault is among ``faults``; no fault repeats what the row says."""
    roll = Roll()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        roll.faults.append(RowFault(line, "is not UTF-8: save the file as 'CSV UTF-8'"))
        return roll
    records = _records(text, roll)
    heading_line, heading = next(records, (1, []))
    names = [name.strip().lower() for name in heading]
    if fault := _heading_fault(names):
        roll.faults.append(RowFault(heading_line, fault))
        return roll
    by_name = {family.name: family for family in known}
    for line, record in records:
        if len(record) == len(names):
            _Record(line, dict(zip(names, record, strict=True)), roll).read(by_name, domains)
        else:
            reason = f"has {len(record)} columns, the heading has {len(names)}"
            roll.faults.append(RowFault(line, reason))
    return roll


def _records(text: str, roll: Roll) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it begins in; empty lines are left out. What csv cannot read ends it."""
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        begins = table.line_num + 1
        try:
            record = next(table)
        except StopIteration:
            return
        except csv.Error as error:
            roll.faults.append(RowFault(begins, f"cannot be read from here on: {error}"))
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
    """One record of a file, read into the roll."""

    def __init__(self, line: int, columns: Mapping[str, str], roll: Roll) -> None:
        self._line = line
        self._columns = columns
        self._roll = roll

    def read(self, known: Mapping[str, Family], domains: Sequence[str]) -> None:
        """Add the row to the roll's rows, or all that is wrong with it to the faults."""
        faults_before = len(self._roll.faults)
        holder_id = self._value("holder_id", fields.holder_id)
        name = self._value("name", fields.name)
        email = self._value("email", fields.email, domains)
        family = known.get(self._columns["family"].strip().lower())
        if family is None:
            self._fault("family", f"is none of those configured: {', '.join(known)}")
            return
        card = self._value("serial", fields.card_id, family)
        secret = self._optional("unblock_secret", fields.unblock_secret, family)
        key = self._optional("card_key", fields.card_key, family, KeyUse.FREE)
        if holder_id is None or name is None or email is None or card is None:
            return
        if len(self._roll.faults) == faults_before:
            holder = NewHolder(holder_id, name, email)
            self._roll.rows.append(NewRow(self._line, holder, NewCard(card, secret, key)))

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
        self._roll.faults.append(RowFault(self._line, f"{column} {reason}"))
