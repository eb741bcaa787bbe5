"""The town that all stories in a terminal share, and the demo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pcscd import PcscService, pcsc_session
from tests.terminal.demo import Demos
from tests.terminal.hands import Hands
from tests.terminal.terminal import Terminal
from tests.terminal.town import Town

__all__ = ["pcsc_session"]


@pytest.fixture(scope="session")
def hands(pcsc_session: PcscService) -> Iterator[Hands]:
    """A hand with cards, and a mailbox."""
    hands = Hands(pcsc_session)
    yield hands
    hands.close()


@pytest.fixture(scope="session")
def whole_town(hands: Hands, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A kiosk's surroundings, made once."""
    return Town(tmp_path_factory.mktemp("town"), hands)


@pytest.fixture(scope="module")
def town(whole_town: Town) -> Iterator[Town]:
    """The town, in which kiosks start and end as tests need; none is left to other users of the reader."""
    yield whole_town
    whole_town.end()
    whole_town.hands.remove()
    assert "Traceback" not in whole_town.log.read_text()


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demos]:
    """The demo, which is started when a test needs it and none runs."""
    demos = Demos(tmp_path_factory.mktemp("demo"))
    yield demos
    demos.end()


@pytest.fixture
def demo(demos: Demos) -> Terminal:
    """The demo, as it waits for a card."""
    return demos.waiting()
