"""Mad cards in both readers: a typed error soon, and the next card finds the reader as it was."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from cardio.card import identify
from cardio.errors import CardIOError, ReaderBroken, ReaderError
from tests.contracts.benches import PATIENCE, Bench
from tests.contracts.specimens import SPECIMENS
from tests.contracts.steps import opened
from tests.madness import MADNESS, Mad
from tests.sampling import sample

FAMILIES = [SPECIMENS[name].family for name in ("piv", "openpgp", "gids", "profile-P1-00")]


@pytest.mark.parametrize("madness", sample(MADNESS, 6))
async def test_a_mad_card_is_no_card_of_any_family(bench: Bench, madness: str) -> None:
    specimen = SPECIMENS["piv"]
    insertion = await bench.insert(Mad(specimen.make(), 0, MADNESS[madness]))
    with pytest.raises(CardIOError) as caught:
        async with asyncio.timeout(PATIENCE), bench.reader.session(insertion) as channel:
            await identify(channel, FAMILIES)
    if madness == "silence" and isinstance(caught.value, ReaderBroken):
        return  # a real reader never hears of it again: the kiosk starts anew
    assert not isinstance(caught.value, ReaderError), "it is the card that is mad, not the reader"
    await bench.remove()
    async with opened(bench, await bench.insert(specimen.make()), specimen) as card:
        await card.verify(specimen.passcode)


@pytest.mark.parametrize("madness", sample([each for each in MADNESS if each != "silence"], 4))
async def test_a_card_that_goes_mad_when_it_is_written(bench: Bench, madness: str) -> None:
    specimen = SPECIMENS["piv"]
    insertion = await bench.insert(Mad(specimen.make(), 2, MADNESS[madness]))
    async with opened(bench, insertion, specimen) as card:
        with suppress(CardIOError):  # some say that they have done it: the kiosk has that proven
            async with asyncio.timeout(PATIENCE):
                await card.reset_passcode(specimen.secret, specimen.new_passcode)
    await bench.remove()
    async with opened(bench, await bench.insert(specimen.make()), specimen) as card:
        await card.verify(specimen.passcode)
