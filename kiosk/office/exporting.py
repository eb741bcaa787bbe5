"""The audit trail as files: JSON lines, from which the chain can be verified, and CSV for spreadsheets."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

from kiosk.cells import harmless_cell
from kiosk.chain import Chain, Head
from kiosk.office.private import new_private
from kiosk.storage.trail import AuditRow
from kiosk.trail import Told
from kiosk.verification import Follower, Verified

FIELDS = {"store": str, "seq": int, "selftest": bool} | {
    name: str for name in AuditRow.model_fields if name not in {"seq", "selftest"}
}
_LONGEST = 65_536  # bytes of a line: no event is near that long


class Format(Enum):
    """How an export is written."""

    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True)
class VerifiedFile:
    """What was found in an export; ``sha256`` of all of it, hexadecimal."""

    store: str
    verified: Verified
    sha256: str


async def write(
    file: Path, form: Format, pages: AsyncIterator[Sequence[Mapping[str, Any]]], told: Told
) -> int:
    """Write events to a new file for this account alone; returns how many. Raises OSError."""
    count = 0
    with new_private(file) as out:
        write_page = _writer(form, out)
        async for page in pages:
            write_page(page)
            count += len(page)
            told(len(page))
    return count


def _writer(form: Format, out: BinaryIO) -> Callable[[Sequence[Mapping[str, Any]]], None]:
    if form is Format.JSONL:
        return lambda page: out.writelines(_line(event) for event in page)
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    sheet = csv.DictWriter(text, list(FIELDS), quoting=csv.QUOTE_ALL)
    sheet.writeheader()

    def write_page(page: Sequence[Mapping[str, Any]]) -> None:
        sheet.writerows({name: harmless_cell(value) for name, value in event.items()} for event in page)
        text.flush()

    return write_page


def _line(event: Mapping[str, Any]) -> bytes:
    return json.dumps(event, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"


def verify(file: Path, chain: Chain, expected: Head | None, told: Told) -> VerifiedFile:
    """Follow the chain in an export in JSON lines; its first event is where it has to begin.

    Raises OSError; ValueError for a file that does not begin with an event.
    """
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        lines = _lines(opened, digest.update)
        first = _event(next(lines, b""))
        if first is None:
            raise ValueError(f"{file}: is no export of an audit trail in JSON lines")
        store = first["store"]
        follower = Follower(chain, store, Head(first["seq"] - 1, first["previous"]), expected)
        follower.follow(first)
        told(1)
        for line in lines:
            if follower.broken:
                continue  # the digest is of the whole file
            event = _event(line)
            if event is None:
                follower.unreadable()
            else:
                follower.follow(event)
            told(1)
    return VerifiedFile(store, follower.end(), digest.hexdigest())


def _lines(opened: BinaryIO, seen: Callable[[bytes], None]) -> Iterator[bytes]:
    while line := opened.readline(_LONGEST):
        seen(line)
        yield line


def _event(line: bytes) -> dict[str, Any] | None:
    """The event of a line, None where it is none."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or {name: type(value) for name, value in event.items()} != FIELDS:
        return None
    return event
