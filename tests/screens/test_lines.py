"""What is cut and what goes on below: nothing is lost, nothing is wider than its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from screens.widgets.lines import cut, folded
from screens.widgets.say import clean


def letters(text: str) -> str:
    return "".join(text.split())


@given(st.text(max_size=300), st.integers(8, 120), st.integers(0, 60))
def test_nothing_is_lost_and_nothing_is_too_wide(text: str, cells: int, hang: int) -> None:
    text = clean(text)
    lines = list(folded(text, cells, hang))
    assert letters("".join(lines)) == letters(text)
    assert all(cell_len(line) <= cells for line in lines)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("the quick brown fox", ["the quick", "  brown fox"]),
        ("  indented and long", ["  indented", "  and long"]),
        ("x" * 25, ["x" * 11, "  " + "x" * 9, "  " + "x" * 5]),
        ("", [""]),
    ],
)
def test_it_breaks_at_blanks(text: str, lines: list[str]) -> None:
    assert list(folded(text, 11, 2)) == lines


@given(st.text(max_size=100), st.integers(1, 40))
def test_an_ellipsis_says_that_there_is_more(text: str, cells: int) -> None:
    line = cut(text, cells)
    assert cell_len(line) <= cells
    assert "\n" not in line
