"""The town that all stories in a terminal share, and the demo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.pcscd import PcscService, pcsc_session
from tests.terminal.demo import Demos
from tests.terminal.hands import Hands
from tests.terminal.helped import TECHNICIAN
from tests.terminal.post import TIMEOUT, Picky
from tests.terminal.terminal import Terminal
from tests.terminal.town import ADMINISTRATOR, PASSWORD, Town

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


@pytest.fixture(scope="session")
def post() -> Picky:
    """Whoever takes the mails in."""
    return Picky()


@pytest.fixture(scope="session")
def staffed(whole_town: Town, post: Picky) -> dict[str, dict[str, Any]]:
    """A kiosk at which staff sign in, and which may be told soon to try a mail again."""
    technician = (TECHNICIAN, "--role", "technician", "--password", "--as", ADMINISTRATOR)
    whole_town.command("staff", "add", *technician, typed=(PASSWORD, PASSWORD))
    staff = {"officer_password_at_kiosk": True, "login_socket": str(whole_town.folder / "login.sock")}
    return {"mail": {**whole_town.mail_server("picky", handler=post), "timeout": TIMEOUT}, "staff": staff}


@pytest.fixture
def kiosk(town: Town, post: Picky, staffed: dict[str, dict[str, Any]]) -> Terminal:
    """That kiosk, as it waits for a card."""
    post.refused.clear()
    return town.kiosk(mail=staffed["mail"], staff=staffed["staff"])


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
