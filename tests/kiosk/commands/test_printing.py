"""Lists that come in pages, and the bars of a work in stages."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from io import StringIO

import pytest
import typer

from kiosk.commands import printing


@dataclass(frozen=True)
class Row:
    name: str
    number: int


ROWS = [Row("a", 1), Row("bbb", 2), Row("c\x1b[31m", 3)]


async def pages(size: int, rows: Sequence[Row]) -> AsyncIterator[Sequence[Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


async def printed(
    capsys: pytest.CaptureFixture[str], size: int, rows: Sequence[Row], *, as_json: bool
) -> str:
    def cells(row: Row) -> tuple[str, str]:
        return row.name, str(row.number)

    await printing.listed(pages(size, rows), ("NAME", "NUMBER"), cells, as_json=as_json)
    return capsys.readouterr().out


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], []])
async def test_pages_are_one_json_array(capsys: pytest.CaptureFixture[str], rows: list[Row]) -> None:
    printing.as_json([vars(row) for row in rows])
    whole = capsys.readouterr().out
    assert json.loads(whole) == [vars(row) for row in rows]
    for size in (1, 2, 3):
        assert await printed(capsys, size, rows, as_json=True) == whole


@pytest.mark.parametrize("sign", ["\x7f", "\x9b", "\u202e", "\ufeff", "\ue000", "\ud800", "\U000e0041"])
async def test_json_tells_the_terminal_nothing_and_means_the_same(
    capsys: pytest.CaptureFixture[str], sign: str
) -> None:
    """Where they are few and where they come in pages; letters stay as they are."""
    rows = [Row(f"Llŷr 李 😀{sign}[2J\n", 1)]
    printing.as_json([vars(row) for row in rows])
    whole = capsys.readouterr().out
    assert await printed(capsys, 1, rows, as_json=True) == whole
    assert sign not in whole
    assert not any(unicodedata.category(one)[0] == "C" for one in whole.replace("\n", ""))
    assert "Llŷr 李 😀" in whole
    assert json.loads(whole) == [vars(row) for row in rows]


async def test_pages_are_one_table(capsys: pytest.CaptureFixture[str]) -> None:
    printing.table(("NAME", "NUMBER"), [(row.name, str(row.number)) for row in ROWS])
    whole = capsys.readouterr().out
    assert "\x1b" not in whole
    assert await printed(capsys, 3, ROWS, as_json=False) == whole
    assert (await printed(capsys, 1, ROWS, as_json=False)).split() == whole.split()
    assert await printed(capsys, 1, [], as_json=False) == "NAME  NUMBER\n"


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_what_is_said_after_a_bar_is_on_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with printing.stages() as told:
        told("Sealing anew", 1, 2)
        told("Sealing anew", 2, 2)
        typer.echo("The old key may go.", err=True)
        told("Sealing anew", 2, 2)
    *_, bar, said, end = terminal.getvalue().split("\n")
    assert "2/2" in bar
    assert (said, end) == ("The old key may go.", "")


def test_each_stage_has_a_bar_that_comes_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with printing.stages() as told:
        told("Checking", 1, 3)
        told("Checking", 2, 3)  # the third line is an empty one
        told("Bringing in", 3, 3)
    shown = terminal.getvalue()
    checking, _, bringing = shown.partition("Bringing in")
    assert "2/3" in checking
    assert "3/3" in checking
    assert checking.count("\n") == 1
    assert "3/3" in bringing


def test_a_long_text_is_wrapped_for_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "see that the server runs, and that /a/long/path/that-is-not-cut-into-pieces is there"
    monkeypatch.setenv("COLUMNS", "40")
    assert printing.wrapped(text, 10) == text
    monkeypatch.setattr(sys, "stdout", Terminal())
    first, *rest = printing.wrapped(text, 10).split("\n")
    assert first == "see that the server runs, and"
    assert all(line.startswith(" " * 10) and line[10] != " " for line in rest)
    assert "/a/long/path/that-is-not-cut-into-pieces" in [line.strip() for line in rest]
    assert " ".join([first, *map(str.strip, rest)]) == text
    assert printing.wrapped(text, 30) == text, "no room at all"
