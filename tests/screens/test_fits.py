"""Every screen fits its terminal in every language, and in one that is 40 % longer."""

from __future__ import annotations

import pytest

from kiosk.i18n import LANGUAGES
from tests.sampling import sample
from tests.screens import pseudo
from tests.screens.fitting import cut
from tests.screens.gallery import GALLERY
from tests.screens.hall import hall

_CASES = [*((language, (80, 24)) for language in (*LANGUAGES, pseudo.LANGUAGE)), (pseudo.LANGUAGE, (120, 40))]
_EASY = [(LANGUAGES[0], (80, 24)), (pseudo.LANGUAGE, (120, 40))]  # what fits elsewhere fits there: a sample


@pytest.mark.parametrize("touch", [False, True])
@pytest.mark.parametrize(("language", "size"), _CASES)
async def test_nothing_is_cut(language: str, size: tuple[int, int], touch: bool) -> None:
    languages = (language, *LANGUAGES)
    complaints = []
    async with hall(
        size=size, language=language, touch=touch, languages=languages, words=pseudo.words_or_pseudo
    ) as there:
        hung = [each for each in GALLERY if each.touch is touch]
        for each in sample(hung, 5 if (language, size) in _EASY else 12):
            await there.hang(each)
            complaints += [f"{each.name}: {what}" for what in cut(there.app.screen)]
    assert not complaints, "\n".join(complaints)
