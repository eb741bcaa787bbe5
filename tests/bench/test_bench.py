"""The benchmark works, on stores too small to tell anything; no time is asserted here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench import roll, steps
from tests.bench.growth import as_documented, headings, row
from tests.bench.steps import STEPS, Figure, Ground, Growth
from tests.stories.conftest import database

__all__ = ["database"]
SIZE = 40


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_LOOKED_UP", 3)
    monkeypatch.setattr(steps, "_VISITS", 1)
    monkeypatch.setattr(steps, "_SHOWN", 1)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_every_step_can_be_taken(tmp_path: Path, database: dict[str, str]) -> None:
    ground = Ground(tmp_path, database.get("url", ""), SIZE)
    for name, (work, growth) in STEPS.items():
        spent, items = await work(ground)
        assert spent.seconds > 0, name
        assert spent.work >= 0, name
        assert (items == 1) == (growth is Growth.FLAT), name


def test_a_table_for_the_sizes_that_were_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(bench, "STEPS", {name: STEPS[name] for name in ("card import", "audit verify")})
    monkeypatch.setattr(bench, "PARTS", (2, 1))
    monkeypatch.setattr(sys, "argv", ["bench", str(SIZE), "--only=sqlite", f"--within={tmp_path}"])
    ended = bench.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "sqlite"
    assert lines[2].split("  ")[-1] == "growth"
    assert [line[:12] for line in lines[3:]] == ["card import ", "audit verify"]
    assert ended == any("NOT" in line for line in lines)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("growth", "seconds", "items", "good"),
    [
        (Growth.FLAT, (0.001, 0.0012), (1, 1), True),
        (Growth.FLAT, (0.001, 0.0021), (1, 1), False),
        (Growth.LINEAR, (1.0, 17.0), (100, 1600), True),
        (Growth.LINEAR, (1.0, 9.0), (100, 1600), True),
        (Growth.LINEAR, (1.0, 33.0), (100, 1600), False),
    ],
)
def test_growth_is_judged_by_the_item(
    growth: Growth, seconds: tuple[float, float], items: tuple[int, int], good: bool
) -> None:
    figures = {
        size: Figure(took, took, count, 2**20)
        for size, took, count in zip((10, 160), seconds, items, strict=True)
    }
    assert as_documented(figures, growth) is good
    cells = row("step", figures, growth)
    assert len(cells) == len(headings(list(figures)))
    assert cells[-1] == growth.value if good else cells[-1] == f"NOT {growth.value}"


def test_no_two_on_a_roll_are_one() -> None:
    numbers = range(10_000)
    for what in (roll.holder_id, roll.serial, roll.address):
        assert len({what(number) for number in numbers}) == len(numbers)
    assert len({roll.surname(number) for number in numbers}) * 3 >= len(numbers)
