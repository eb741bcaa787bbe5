from __future__ import annotations

import re

from kiosk.i18n import words
from kiosk.proofs.answers import normalise
from kiosk.proofs.questions import CATALOGUE

ENGLISH = words("en")


def test_there_are_twenty_and_each_is_found_by_its_id() -> None:
    assert len(CATALOGUE) == 20
    assert all(
        id == question.id and re.fullmatch(r"[a-z]+(-[a-z]+)*", id) for id, question in CATALOGUE.items()
    )


def test_every_text_fits_beside_its_answer_and_is_asked_once() -> None:
    texts = [question.text(ENGLISH) for question in CATALOGUE.values()]
    assert len(set(texts)) == len(texts)
    assert max(map(len, texts)) <= 28


def test_key_words_are_in_normal_form_and_single_words() -> None:
    for question in CATALOGUE.values():
        assert question.key_words
        assert all(normalise(word) == word and " " not in word for word in question.key_words), question.id


def test_every_question_has_a_key_word_of_its_own_text() -> None:
    for question in CATALOGUE.values():
        assert question.key_words & set(normalise(question.text(ENGLISH)).split()), question.id
