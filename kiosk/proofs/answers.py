"""Security answers: the form in which they are compared, and which may be chosen.

People write the same answer differently on different days, so answers are hashed and checked in
a normal form. Its version is stored with each hash: a newer form needs the old one kept beside it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from kiosk.proofs.questions import CATALOGUE
from kiosk.refusals import AnswerRule

NORMALISER = 1
MAX_LENGTH = 100  # characters as typed

_SHORTEST_NAME_PART = 3  # letters: "Li" may be part of a name and still be a true answer
_LINE_SPACE = re.compile(r"[\t\n\r]")


def normalise(text: str) -> str:
    """The form in which answers are compared: case, accents, signs and spacing make no difference.

    NFKD, casefold and NFKD again (Unicode 3.13, D145); combining marks, control characters,
    punctuation and symbols dropped; each run of separators one space; NFC. Vowel signs of Indic
    scripts are letters here and stay. Idempotent. May be empty.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    letters = "".join(_kept(character) for character in _LINE_SPACE.sub(" ", folded))
    return unicodedata.normalize("NFC", " ".join(letters.split()))


def _kept(character: str) -> str:
    major = unicodedata.category(character)[0]
    if major == "Z":
        return " "
    return "" if major in "CPS" or unicodedata.combining(character) else character


def check_answers(
    rows: Sequence[tuple[str, str]], *, name: str, address: str, min_length: int
) -> tuple[AnswerRule | None, ...]:
    """The rule each row (question id, answer as typed) breaks, None where it is fine.

    ``min_length`` counts characters after normalisation. Of two equal questions or answers the
    later is refused. Raises KeyError on a question that is not in the catalogue.
    """
    own_name, own_address = _name_forms(name), _address_forms(address)
    refusals: list[AnswerRule | None] = []
    questions: set[str] = set()
    answers: set[str] = set()
    for question, typed in rows:
        answer = normalise(typed[: MAX_LENGTH + 1])
        rule = _rule_of_one(question, typed, answer, min_length)
        if question in questions:
            rule = AnswerRule.SAME_QUESTION
        elif rule is None and _runs(answer) & own_name:
            rule = AnswerRule.OWN_NAME
        elif rule is None and _runs(answer) & own_address:
            rule = AnswerRule.OWN_ADDRESS
        elif rule is None and answer in answers:
            rule = AnswerRule.SAME_ANSWER
        refusals.append(rule)
        questions.add(question)
        answers.add(answer)
    return tuple(refusals)


def _rule_of_one(question: str, typed: str, answer: str, min_length: int) -> AnswerRule | None:
    """What is wrong with an answer whoever gives it."""
    if len(typed) > MAX_LENGTH:
        return AnswerRule.TOO_LONG
    if len(answer) < max(min_length, 1):
        return AnswerRule.TOO_SHORT
    return AnswerRule.KEY_WORD if _runs(answer) & CATALOGUE[question].key_words else None


def _runs(answer: str) -> set[str]:
    """Every run of neighbouring words, written together: "ann lee" holds ann, lee and annlee."""
    words = answer.split()
    return {"".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)}


def _name_forms(name: str) -> set[str]:
    """The whole name, and each part of it that is long enough to be a name on its own."""
    whole = normalise(name)
    parts = {normalise(part) for part in re.split(r"[\s\-\u2010\u2011]+", name)} | set(whole.split())
    return {whole.replace(" ", "")} | {part for part in parts if len(part) >= _SHORTEST_NAME_PART}


def _address_forms(address: str) -> set[str]:
    """The whole address and its local part, as an answer would write them."""
    forms = {normalise(address).replace(" ", ""), normalise(address.partition("@")[0]).replace(" ", "")}
    return {form for form in forms if form}
