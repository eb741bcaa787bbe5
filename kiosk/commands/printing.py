"""Output: aligned tables for people, JSON for programs. Text from a store or card is made harmless."""

from __future__ import annotations

import json
import re
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeVar

import typer

T = TypeVar("T")

_SUSPECT = re.compile(r"[^\n -~]")  # worth looking up: nearly all of a long list is none of these
_NARROWEST = 20  # columns: in fewer nothing can be read


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under headings, each column as wide as its widest cell."""
    _rows([headings, *rows], [0] * len(headings))


async def listed(
    pages: AsyncIterator[Sequence[T]],
    headings: Sequence[str],
    cells: Callable[[T], Sequence[str]],
    *,
    as_json: bool,
) -> None:
    """Print pages of dataclasses as they come, as one table or one JSON array.

    A column of the table grows wider where a page needs it.
    """
    if as_json:
        begun = False
        async for page in pages:
            text = _json([asdict(one) for one in page])  # type: ignore[call-overload]
            typer.echo(("," if begun else "[") + text[1:-2], nl=False)
            begun = True
        typer.echo("\n]" if begun else "[]")
        return
    widths, rows = [0] * len(headings), [headings]
    async for page in pages:
        _rows([*rows, *map(cells, page)], widths)
        rows = []
    _rows(rows, widths)


def _rows(rows: Sequence[Sequence[str]], widths: list[int]) -> None:
    """Print rows, in columns of at least these widths, which grow with the cells."""
    lines = [[harmless(cell) for cell in row] for row in rows]
    for cells in lines:
        widths[:] = [max(width, _width(cell)) for cell, width in zip(cells, widths, strict=True)]
    for cells in lines:
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
        typer.echo("  ".join(padded).rstrip())


def as_json(value: Any) -> None:
    """Print JSON, its times as ISO 8601 in UTC."""
    typer.echo(_json(value))


def say(text: str, value: Any, *, as_json: bool) -> None:
    """Say what was done: in words, or as JSON for programs."""
    if as_json:
        typer.echo(_json(value))
    else:
        typer.echo(text)


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error for each stage of a work, one below the other, where that is a terminal.

    Called with the stage, and how much of how much of it is done.
    """
    with ExitStack() as stack:
        bars: dict[str, Any] = {}
        ended: set[str] = set()

        def told(stage: str, done: int, total: int) -> None:
            if stage in ended or not sys.stderr.isatty():
                return
            if stage not in bars:
                finish()
                bar = typer.progressbar(length=total, label=stage, show_pos=True, file=sys.stderr)
                bars[stage] = stack.enter_context(bar)
            bars[stage].update(done - bars[stage].pos)
            if done >= total:
                ended.add(stage)
                finish()  # now: what is said next is on a line of its own

        def finish() -> None:
            for bar in bars.values():  # the last line of a file may be an empty one
                bar.update(bar.length - bar.pos)
            stack.close()
            bars.clear()

        yield told
        finish()


@contextmanager
def counting(length: int, label: str) -> Iterator[Callable[[int], None]]:
    """One such bar for a length that is known; called with how many more are done."""
    done = 0
    with stages() as told:

        def more(count: int) -> None:
            nonlocal done
            done += count
            told(label, done, length)

        yield more


def wrapped(text: str, indent: int) -> str:
    """The text in lines as wide as the terminal, all but the first indented; as it is where there is none."""
    room = shutil.get_terminal_size().columns - indent
    if not sys.stdout.isatty() or room < _NARROWEST:
        return text
    lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    return f"\n{'':{indent}}".join(lines)


def when(moment: datetime | None) -> str:
    """A time for people: UTC, to the minute; a dash where there is none."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if moment else "-"


def harmless(text: str) -> str:
    """The text without what a terminal could take for a command: control and formatting characters."""
    return "".join("\N{REPLACEMENT CHARACTER}" if _commands(c) else c for c in text)


def _commands(character: str) -> bool:
    return unicodedata.category(character)[0] == "C"


def _json(value: Any) -> str:
    """Letters as they are, and as escapes what a terminal could take for a command."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=_plain)
    return _SUSPECT.sub(lambda one: json.dumps(one[0])[1:-1] if _commands(one[0]) else one[0], text)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    raise TypeError(type(value).__name__)


def _width(text: str) -> int:
    """Columns on a terminal."""
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)
