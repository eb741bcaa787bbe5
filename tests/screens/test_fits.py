"""Every screen fits its terminal in every language, and in one that is 40 % longer."""

from __future__ import annotations

import pytest

from kiosk.i18n import LANGUAGES
from tests.screens import pseudo
from tests.screens.fitting import cut
from tests.screens.gallery import GALLERY
from tests.screens.hall import hall

_CASES = [*((language, (80, 24)) for language in (*LANGUAGES, pseudo.LANGUAGE)), (pseudo.LANGUAGE, (120, 40))]


@pytest.mark.parametrize("touch", [False, True])
@pytest.mark.parametrize(("language", "size"), _CASES)
async def test_nothing_is_cut(language: str, size: tuple[int, int], touch: bool) -> None:
    languages = (language, *LANGUAGES)
    complaints = []
    async with hall(
        size=size, language=language, touch=touch, languages=languages, words=pseudo.words_or_pseudo
    ) as there:
        for sample in [sample for sample in GALLERY if sample.touch is touch]:
            await there.hang(sample)
            complaints += [f"{sample.name}: {what}" for what in cut(there.app.screen)]
    assert not complaints, "\n".join(complaints)
