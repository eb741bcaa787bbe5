"""The town that all stories in a terminal share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.pcscd import PcscService, pcsc_session
from tests.terminal.hands import Hands
from tests.terminal.people import Person
from tests.terminal.town import Town
from tests.terminal.visitor import Visitor

__all__ = ["pcsc_session"]

AtTheKiosk = Callable[[Person], Visitor]


@pytest.fixture(scope="session")
def hands(pcsc_session: PcscService) -> Iterator[Hands]:
    """A hand with cards, and a mailbox."""
    hands = Hands(pcsc_session)
    yield hands
    hands.close()


@pytest.fixture(scope="session")
def town(hands: Hands, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A kiosk's surroundings, made once; kiosks in it start and end as tests need."""
    town = Town(tmp_path_factory.mktemp("town"), hands)
    yield town
    town.end()
