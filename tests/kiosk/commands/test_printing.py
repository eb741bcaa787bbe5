"""Lists that come in pages, and the bars of a work in stages."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from io import StringIO

import pytest

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


def test_each_stage_has_a_bar_that_comes_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

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
