from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.proofs.codes import clean, grouped, new_code


@pytest.mark.parametrize("digits", [8, 10])
def test_a_code_has_so_many_digits_zeros_first_included(digits: int) -> None:
    codes = [new_code(digits).get_secret_value() for _ in range(2000)]
    assert all(len(code) == digits and code.isdecimal() and code.isascii() for code in codes)
    # Each digit comes up about 200 times in each place; fewer than 80 does not happen by chance.
    for place in range(digits):
        assert min(Counter(code[place] for code in codes)[digit] for digit in "0123456789") > 80
    assert len(set(codes)) > 1990


def test_a_code_is_not_shown_by_accident() -> None:
    code = new_code(8)
    assert code.get_secret_value() not in f"{code!r} {code}"


@pytest.mark.parametrize(
    ("code", "shown"), [("12345678", "1234 5678"), ("1234567890", "12345 67890"), ("123", "12 3"), ("", "")]
)
def test_groups(code: str, shown: str) -> None:
    assert grouped(code) == shown


@given(st.text("0123456789", max_size=12))
def test_what_is_mailed_can_be_typed(code: str) -> None:
    assert clean(grouped(code)) == code


@pytest.mark.parametrize(
    "typed", ["1234 5678", "1234-5678", " 12345678\t", "1234\u20135678", "1234\u00a05678"]
)
def test_spaces_and_dashes_do_not_count(typed: str) -> None:
    assert clean(typed) == "12345678"


def test_nothing_else_is_dropped() -> None:
    assert clean("1234_567O") == "1234_567O"
