"""What the contract tests do with a card and its specimen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cardio.card import Card, identify
from cardio.errors import PasscodeLocked, WrongPasscode
from tests.contracts.benches import Bench
from tests.contracts.specimens import Specimen


@asynccontextmanager
async def opened(bench: Bench, insertion: int, specimen: Specimen) -> AsyncIterator[Card]:
    """A session with the card of that insertion, identified by its family alone."""
    async with bench.reader.session(insertion) as channel:
        yield await identify(channel, [specimen.family])


async def lock(card: Card, specimen: Specimen) -> None:
    """Enter the wrong passcode until the card says no more than that it is locked."""
    for _ in range(3):
        with pytest.raises((WrongPasscode, PasscodeLocked)):
            await card.verify(specimen.wrong_passcode)


async def says_tries(card: Card, specimen: Specimen, left: int) -> None:
    """Hold the card to the passcode's tries, where it tells them, and to None where it does not."""
    assert await card.tries_left() == (left if specimen.tells_tries else None)


async def says_secret_tries(card: Card, specimen: Specimen, left: int | None = None) -> None:
    """The same for the unblock secret; ``left`` None = all its tries."""
    expected = specimen.secret_tries if left is None else left
    assert await card.unblock_tries_left() == (expected if specimen.tells_secret_tries else None)
