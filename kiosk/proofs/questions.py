"""The catalogue of security questions.

Stored by id, never by text, so that a wording can be mended and a language added. An id is never
used again for another question. Key words stand in normalised form (`kiosk.proofs.answers`), in
every language shipped: an answer that contains one gives itself away.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.i18n import Phrase


@dataclass(frozen=True)
class Question:
    """A question; ``text`` fits beside its answer at 80 columns (28 characters in English)."""

    id: str
    text: Phrase
    key_words: frozenset[str]


def _question(id: str, text: Phrase, key_words: str) -> Question:
    return Question(id, text, frozenset(key_words.split()))


# What people remember for decades, answer in a word or two, and seldom put on a profile page.
_QUESTIONS = (
    _question("first-school", lambda _: _("Name of your first school"), "school ysgol"),
    _question("childhood-street", lambda _: _("Street you grew up in"), "street stryd"),
    _question("first-car", lambda _: _("Make of your first car"), "car make gar gwneuthuriad"),
    _question(
        "first-manager",
        lambda _: _("Your first manager's surname"),
        "manager managers surname rheolwr cyfenw",
    ),
    _question("first-pet", lambda _: _("Name of your first pet"), "pet anifail anwes"),
    _question("first-job-town", lambda _: _("Town of your first job"), "town job tref dref swydd"),
    _question("childhood-friend", lambda _: _("Best friend as a child"), "friend ffrind cyfaill plentyn"),
    _question("remembered-teacher", lambda _: _("A teacher you remember"), "teacher athro athrawes"),
    _question(
        "mothers-mother",
        lambda _: _("Mother's mother's first name"),
        "mother mothers grandmother mam nain mamgu",
    ),
    _question("first-abroad", lambda _: _("First place visited abroad"), "place abroad lle tramor dramor"),
    _question("first-concert", lambda _: _("First concert you went to"), "concert cyngerdd gyngerdd"),
    _question("first-music", lambda _: _("First music you bought"), "music cerddoriaeth gerddoriaeth"),
    _question("childhood-book", lambda _: _("Favourite book as a child"), "book llyfr lyfr"),
    _question("first-film", lambda _: _("First film at the cinema"), "film cinema ffilm sinema"),
    _question("childhood-toy", lambda _: _("Favourite toy as a child"), "toy tegan degan"),
    _question("first-meal", lambda _: _("First meal you could cook"), "meal cook pryd bryd coginio goginio"),
    _question("school-nickname", lambda _: _("Your nickname at school"), "nickname school llysenw ysgol"),
    _question("dream-job", lambda _: _("Job you wanted as a child"), "job swydd"),
    _question("neighbour", lambda _: _("A neighbour when little"), "neighbour cymydog gymydog cymdoges"),
    _question("learned-to-swim", lambda _: _("Where you learned to swim"), "swim swimming nofio"),
)

CATALOGUE: dict[str, Question] = {question.id: question for question in _QUESTIONS}
