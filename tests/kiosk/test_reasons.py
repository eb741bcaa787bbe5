"""What staff read in place of the trail's own names: nothing that the kiosk itself writes is left out."""

from __future__ import annotations

from enum import Enum

import pytest

from cardio import errors
from kiosk.dialogue import Gone
from kiosk.letters.notices import NoticeKind
from kiosk.reasons import counted, in_words, notice_in_words, purpose_in_words
from kiosk.refusals import CodeRefusal, Why
from kiosk.reports.report import Failure
from kiosk.steps import Purpose
from kiosk.storage.models import CardState

_COLUMN = 25  # cells of the outbox's first column, but one


def _speaks(text: str) -> bool:
    return "-" not in text and text == text.strip() != "" and not text[:1].isupper()


@pytest.mark.parametrize("kind", [Why, CodeRefusal, Gone, CardState])
def test_each_name_of_the_programs_has_words(kind: type[Enum]) -> None:
    for one in kind:
        assert _speaks(in_words(one.value)), one


def test_each_error_of_cards_and_readers_has_words() -> None:
    names = [
        name
        for name, one in vars(errors).items()
        if isinstance(one, type) and issubclass(one, errors.CardIOError) and not name.startswith("_")
    ]
    assert len(names) > 10
    for name in (*names[1:], "UnblockNotPossible", "ProofMissing"):  # the first is the root, never raised
        assert in_words(name) != name
        assert _speaks(in_words(name)), name


def test_each_notice_and_purpose_has_words() -> None:
    for notice in NoticeKind:
        assert _speaks(notice_in_words(notice.value)), notice
        assert len(notice_in_words(notice.value)) <= _COLUMN, notice
    for purpose in Purpose:
        assert _speaks(purpose_in_words(purpose.value)), purpose


def test_what_an_officer_has_typed_stays() -> None:
    assert in_words("T-5512") == "T-5512"
    assert Failure("card.refused", "no-unblock-secret").words == (
        "card refused: no unblock secret that may be sent"
    )


def test_one_is_not_many() -> None:
    assert [counted(number, "card") for number in (0, 1, 2, 2000)] == [
        "0 cards", "1 card", "2 cards", "2,000 cards"
    ]  # fmt: skip
