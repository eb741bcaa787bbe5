from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from cardio.card import PasscodeFormat
from kiosk.proofs.passcodes import COMMON, check, narrow
from kiosk.refusals import PasscodeRule
from kiosk.settings import Passcode

FORMAT = PasscodeFormat(6, 8)
DIGITS = st.text("0123456789", min_size=6, max_size=8)


def rule(
    new: str,
    *,
    again: str | None = None,
    code: str | None = None,
    own_id: str = "",
    present: str | None = None,
    fmt: PasscodeFormat = FORMAT,
) -> PasscodeRule | None:
    return check(
        SecretStr(new),
        SecretStr(new if again is None else again),
        fmt=fmt,
        code=None if code is None else SecretStr(code),
        own_id=own_id,
        present=None if present is None else SecretStr(present),
    )


@pytest.mark.parametrize("passcode", ["802957", "1308427", "48291735", "112358", "48048017"])
def test_an_ordinary_passcode_passes(passcode: str) -> None:
    assert rule(passcode, code="49210387", own_id="555012345678", present="271828") is None


@pytest.mark.parametrize(
    ("passcode", "expected"),
    [
        ("", PasscodeRule.TOO_SHORT),
        ("80295", PasscodeRule.TOO_SHORT),
        ("802957146", PasscodeRule.TOO_LONG),
        ("80295a", PasscodeRule.NOT_DIGITS),
        (
            "\u0668\u0660\u0662\u0669\u0665\u0667",
            PasscodeRule.NOT_DIGITS,
        ),  # Arabic digits are no card's digits
        ("8029 7", PasscodeRule.NOT_DIGITS),
        ("000000", PasscodeRule.ALL_ONE),
        ("77777777", PasscodeRule.ALL_ONE),
        ("123456", PasscodeRule.RUN),
        ("87654321", PasscodeRule.RUN),
        ("678901", PasscodeRule.RUN),
        ("210987", PasscodeRule.RUN),
        ("814567", PasscodeRule.RUN),
        ("12344321", PasscodeRule.RUN),
        ("121212", PasscodeRule.REPEATED),
        ("8282828", PasscodeRule.REPEATED),
        ("802802", PasscodeRule.REPEATED),
        ("80280280", PasscodeRule.REPEATED),
        ("159753", PasscodeRule.COMMON),
        ("112233", PasscodeRule.COMMON),
    ],
)
def test_each_rule(passcode: str, expected: PasscodeRule) -> None:
    assert rule(passcode) is expected


@pytest.mark.parametrize("digit", "0123456789")
def test_all_one_digit_is_refused(digit: str) -> None:
    assert {rule(digit * n) for n in (6, 7, 8)} == {PasscodeRule.ALL_ONE}


def test_every_run_is_refused() -> None:
    up = "01234567890123456789"
    for line in (up, up[::-1]):
        for length in (6, 7, 8):
            assert {rule(line[i : i + length]) for i in range(10)} == {PasscodeRule.RUN}


def test_the_twenty_most_used_would_pass_every_other_rule() -> None:
    assert len(COMMON) == 20
    assert {rule(passcode) for passcode in COMMON} == {PasscodeRule.COMMON}


@pytest.mark.parametrize("passcode", ["49210387", "492103", "210387", "921038"])
def test_the_emailed_code_and_parts_of_it_are_refused(passcode: str) -> None:
    assert rule(passcode, code="49210387") is PasscodeRule.EMAILED_CODE


@pytest.mark.parametrize(
    ("passcode", "own_id", "expected"),
    [
        ("802957", "5558029571", PasscodeRule.OWN_ID),
        ("802957", "NHS-8029-57", PasscodeRule.OWN_ID),
        ("802957", "H8029", PasscodeRule.OWN_ID),
        ("802957", "H802", None),
        ("802957", "", None),
        ("802957", "nobody", None),
    ],
)
def test_the_holders_own_id_is_refused(passcode: str, own_id: str, expected: PasscodeRule | None) -> None:
    assert rule(passcode, own_id=own_id) is expected


def test_the_present_passcode_is_refused() -> None:
    assert rule("802957", present="802957") is PasscodeRule.SAME
    assert rule("802957", present="80295") is None


def test_two_entries_must_agree() -> None:
    assert rule("802957", again="802975") is PasscodeRule.MISMATCH
    assert rule("802957", again="") is PasscodeRule.MISMATCH


def test_the_rule_is_named_before_the_mismatch() -> None:
    assert rule("123456", again="123457") is PasscodeRule.RUN


@given(DIGITS, DIGITS)
def test_whatever_passes_keeps_every_rule(new: str, code: str) -> None:
    if rule(new, code=code, present=code) is not None:
        return
    assert 6 <= len(new) <= 8
    assert len(set(new)) > 1
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(new)}
    assert steps not in ({1}, {9})
    assert new not in {(new[:n] * 8)[: len(new)] for n in (1, 2, 3)}
    assert new != code
    assert new not in code


@given(DIGITS)
def test_the_second_entry_decides_nothing_else(new: str) -> None:
    assert rule(new, again=new + "0") in {rule(new) or PasscodeRule.MISMATCH}


def test_a_card_narrows_length_and_alphabet() -> None:
    site = Passcode(min_length=6, max_length=8)
    assert narrow(site, PasscodeFormat(4, 7, "abc0123456789")) == PasscodeFormat(6, 7, "0123456789")
    assert narrow(site, PasscodeFormat(7, 16)) == PasscodeFormat(7, 8)
    assert rule("802957", fmt=narrow(site, PasscodeFormat(6, 8, "012345678"))) is PasscodeRule.NOT_DIGITS


@pytest.mark.parametrize("card", [PasscodeFormat(9, 12), PasscodeFormat(4, 5), PasscodeFormat(6, 8, "abc")])
def test_a_card_that_leaves_nothing_is_said_so(card: PasscodeFormat) -> None:
    with pytest.raises(ValueError, match="6 to 8"):
        narrow(Passcode(min_length=6, max_length=8), card)
