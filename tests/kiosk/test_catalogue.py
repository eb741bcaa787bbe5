"""The catalogues against the sources as they are now."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_keywords
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from kiosk.i18n import DOMAIN, LANGUAGES, LOCALES, Words, words
from kiosk.proofs.answers import normalise
from kiosk.proofs.questions import CATALOGUE

ROOT = Path(__file__).parents[2]
SAME_WORD = {"cy": {"Demo", "Help", "Staff"}}  # spelt as in English
LONGEST_QUESTION = 40  # characters: what screens.texting gives a label at 80 columns

_PLACEHOLDER = re.compile(r"{[^}]*}")
_KEY = re.compile(r"\b(?:F\d{1,2}|Esc)\b|(?<=press )Enter\b|^Enter(?= (?:Close|Go on|I am here)$)")


@pytest.fixture(params=LANGUAGES[1:])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def catalogue(language: str) -> Catalog:
    with (LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as text:
        return read_po(text, locale=language, abort_invalid=True)


def sentences(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


def forms(text: str | Collection[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


@cache
def said_in_the_sources() -> frozenset[tuple[str, ...]]:
    """Every sentence of kiosk and screens, a plural as (one, many), found as `make messages` does."""
    script = (ROOT / "tools" / "messages.sh").read_text()
    keywords = parse_keywords(re.findall(r"--keyword=(\S+)", script))
    return frozenset(
        forms(message)
        for package in ("kiosk", "screens")
        for _, _, message, _, _ in extract_from_dir(ROOT / package, keywords=keywords)
    )


@pytest.fixture
def spoken(language: str, tmp_path: Path) -> Words:
    """The language as its .po is now, whether or not somebody has compiled it."""
    compiled = tmp_path / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    compiled.parent.mkdir(parents=True)
    with compiled.open("wb") as target:
        write_mo(target, catalogue(language))
    return words(language, tmp_path)


def test_it_has_the_sentences_of_the_sources_and_no_others(language: str) -> None:
    in_the_catalogue = {forms(message.id) for message in sentences(language)}
    assert in_the_catalogue - said_in_the_sources() == set(), "gone from the sources: run `make messages`"
    assert said_in_the_sources() - in_the_catalogue == set(), "new in the sources: run `make messages`"
    assert not catalogue(language).obsolete


def test_every_form_of_every_sentence_is_translated_and_none_is_a_guess(language: str) -> None:
    expected = catalogue(language).num_plurals
    for message in sentences(language):
        assert not message.fuzzy, message.id
        assert len(forms(message.string)) == (expected if message.pluralizable else 1), message.id
        assert all(form.strip() for form in forms(message.string)), message.id


def test_only_words_spelt_alike_are_left_in_english(language: str) -> None:
    same = {forms(message.id)[0] for message in sentences(language) if message.string == message.id}
    assert same == SAME_WORD[language]


def test_placeholders_are_those_of_the_english(language: str) -> None:
    for message in sentences(language):
        (english,) = {tuple(sorted(_PLACEHOLDER.findall(form))) for form in forms(message.id)}
        for form in forms(message.string):
            assert tuple(sorted(_PLACEHOLDER.findall(form))) == english, form


def test_keys_have_the_names_printed_on_them(language: str) -> None:
    keys: Counter[str] = Counter()
    for message in sentences(language):
        for form in forms(message.string):
            for key in _KEY.findall(forms(message.id)[-1]):
                assert re.search(rf"\b{key}\b", form), form
                keys[key] += 1
    assert {"Enter", "Esc", "F2", "F4", "F6", "F9"} <= set(keys)


def test_lines_and_last_signs_are_as_in_the_english(language: str) -> None:
    for message in sentences(language):
        english = forms(message.id)[-1]
        for form in forms(message.string):
            assert form == form.strip(), form
            assert form.count("\n") == english.count("\n"), form
            assert _last_sign(form) == _last_sign(english), form


def _last_sign(sentence: str) -> str:
    return sentence[-1] if sentence[-1] in ".,:?" else ""


def test_no_two_questions_read_alike_and_each_has_room(language: str, spoken: Words) -> None:
    texts = [question.text(spoken) for question in CATALOGUE.values()]
    assert len(set(texts)) == len(texts)
    assert max(map(len, texts)) <= LONGEST_QUESTION


def test_every_question_has_a_key_word_of_its_own_text(language: str, spoken: Words) -> None:
    for question in CATALOGUE.values():
        assert question.key_words & set(normalise(question.text(spoken)).split()), question.id


@pytest.mark.parametrize("language", ["cy"], indirect=True)
@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 digid"), (1, "1 digid"), (2, "2 ddigid"), (3, "3 digid"), (6, "6 digid"), (8, "8 digid")],
)
def test_a_welsh_number_mutates_what_it_counts(count: int, said: str, spoken: Words) -> None:
    assert spoken.n("{n} digit", "{n} digits", count) == said
