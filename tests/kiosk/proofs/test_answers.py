from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.proofs.answers import MAX_LENGTH, check_answers, normalise
from kiosk.proofs.questions import CATALOGUE
from kiosk.refusals import AnswerRule
from tests.sampling import LONG


def check(*rows: tuple[str, str], name: str = "Ann O'Brien-Lee") -> tuple[AnswerRule | None, ...]:
    return check_answers(rows, name=name, address="ann.lee@nhs.net", min_length=2)


def one(answer: str, question: str = "first-school") -> AnswerRule | None:
    return check((question, answer))[0]


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("José", "jose"),
        ("Jose\u0301", "jose"),
        ("JOSE", "jose"),
        ("  St.\tMary's \n school ", "st marys school"),
        ("Straße", "strasse"),
        ("ＡＢＣ", "abc"),  # noqa: RUF001 - fullwidth letters, as some keyboards write them
        ("a\u00a0b\u2003c", "a b c"),
        ("C++", "c"),
        ("C#", "c"),
        ("!!!", ""),
        ("\u200b", ""),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),  # a final sigma is no other letter
        ("\u0130stanbul", "istanbul"),
        ("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u0926\u0940"),  # vowel signs stay
        ("\ud55c\uad6d", "\ud55c\uad6d"),
    ],
)
def test_the_normal_form(typed: str, normal: str) -> None:
    assert normalise(typed) == normal


def test_the_normal_form_is_stable_on_every_code_point_alone_and_in_a_word() -> None:
    everything = range(sys.maxunicode + 1)
    meant = [one for one in everything if unicodedata.category(chr(one)) not in ("Cn", "Co")]
    for code_point in everything if LONG else meant:  # by the others nothing is meant yet: they are all alike
        for text in (chr(code_point), f"a{chr(code_point)}b"):
            normal = normalise(text)
            assert normalise(normal) == normal, hex(code_point)


@given(st.text())
def test_the_normal_form_is_stable_and_clean(text: str) -> None:
    normal = normalise(text)
    assert normalise(normal) == normal
    assert normal == " ".join(normal.split(" ")).strip(" ")
    assert not any(unicodedata.category(c)[0] in "CPS" for c in normal)


@given(st.text())
def test_case_composition_and_outer_space_make_no_difference(text: str) -> None:
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert normalise(unicodedata.normalize(form, text)) == normalise(text)
    assert normalise(text.casefold()) == normalise(text)
    assert normalise(f"  {text}\n") == normalise(text)


def test_four_good_answers_pass() -> None:
    rows = [("first-school", "Park"), ("first-pet", "Li"), ("first-car", "Škoda"), ("neighbour", "Mr Ng")]
    assert check(*rows) == (None, None, None, None)


@pytest.mark.parametrize("answer", ["", " ", "!!!", "x", "x!", "\u0301x"])
def test_too_short_is_measured_after_normalising(answer: str) -> None:
    assert one(answer) is AnswerRule.TOO_SHORT


def test_an_empty_answer_is_refused_whatever_the_minimum() -> None:
    [rule] = check_answers([("first-pet", "!!")], name="Ann", address="a@nhs.net", min_length=0)
    assert rule is AnswerRule.TOO_SHORT


def test_the_longest_answer() -> None:
    assert one("x" * MAX_LENGTH) is None
    assert one("x" * (MAX_LENGTH + 1)) is AnswerRule.TOO_LONG
    assert one("!" * 10_000) is AnswerRule.TOO_LONG


def test_the_later_of_two_equal_questions_is_refused() -> None:
    rules = check(("first-pet", "Rex"), ("first-car", "Fiat"), ("first-pet", "Tibby"))
    assert rules == (None, None, AnswerRule.SAME_QUESTION)


def test_the_later_of_two_equal_answers_is_refused() -> None:
    assert check(("first-pet", "José"), ("first-school", "jose!")) == (None, AnswerRule.SAME_ANSWER)


@pytest.mark.parametrize("answer", ["school", "Park School", "YSGOL y Parc", "the sch\u00f3ol!"])
def test_a_key_word_of_the_question_is_refused(answer: str) -> None:
    assert one(answer) is AnswerRule.KEY_WORD


def test_a_key_word_inside_a_longer_word_or_of_another_question_is_fine() -> None:
    assert one("Cardiff", "first-car") is None
    assert one("Park School", "first-car") is None


@pytest.mark.parametrize(
    "answer", ["Ann", "my ANN", "O'Brien", "obrien", "Lee", "O'Brien-Lee", "annobrienlee"]
)
def test_the_holders_name_is_refused(answer: str) -> None:
    assert one(answer) is AnswerRule.OWN_NAME


def test_short_parts_of_a_name_and_words_around_a_name_are_fine() -> None:
    rules = check(("first-pet", "Li"), ("first-school", "Annfield"), name="Li Annabel")
    assert rules == (None, None)


def test_a_whole_short_name_is_refused() -> None:
    assert check(("first-pet", "li na"), name="Li Na") == (AnswerRule.OWN_NAME,)


@pytest.mark.parametrize("answer", ["ann.lee@nhs.net", "annlee", "I am annlee", "Ann.Lee"])
def test_the_holders_address_is_refused(answer: str) -> None:
    assert check(("first-pet", answer), name="Eve Moss") == (AnswerRule.OWN_ADDRESS,)


def test_no_name_and_no_address_refuse_nothing() -> None:
    assert check_answers([("first-pet", "Rex")], name="", address="", min_length=2) == (None,)


def test_an_unknown_question_is_a_mistake_of_the_program() -> None:
    with pytest.raises(KeyError):
        check(("no-such-question", "Rex"))


@given(st.sampled_from(sorted(CATALOGUE)), st.text(min_size=1, max_size=20), st.text(max_size=20))
def test_every_key_word_is_found_among_other_words(question: str, before: str, after: str) -> None:
    for word in CATALOGUE[question].key_words:
        assert one(f"{before} {word.upper()} {after}", question) is AnswerRule.KEY_WORD
