"""docs/cards.md is true: its profiles are profiles, and unlock cards that are as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretBytes, SecretStr

from cardio.card import identify
from cardio.virtual.iso7816 import IsoCard
from cardio.virtual.reader import VirtualReader
from kiosk.families import families
from kiosk.settings import load

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "docs" / "cards.md").read_text("utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
CARDS = {  # the serial number as it lies on the card and as it is shown, and the commands of an unlock
    "myeid": (
        bytes(range(1, 11)),
        "serial:0102030405060708090A",
        ["002C000110" + "3132333435363738" + "3830363432393735"],
    ),
    "esteid": (
        b"AS0012345",
        "document:AS0012345",
        ["002000020C" + "3132333435363738FFFFFFFF", "002C02010C" + "3830363432393735FFFFFFFF"],
    ),
    "egk": (
        bytes.fromhex("80276001040000123456"),
        "iccsn:80276001040000123456",
        ["002C000210" + "2812345678FFFFFF" + "2880642975FFFFFF"],
    ),
}


class Tapped(IsoCard):
    """A card that remembers what it was sent."""

    def transmit(self, apdu: bytes) -> bytes:
        """As the card does."""
        self.sent = [*getattr(self, "sent", []), apdu.hex().upper()]
        return super().transmit(apdu)


@pytest.mark.parametrize("text", EXAMPLES, ids=list(CARDS))
async def test_a_card_of_the_example_is_unlocked(text: str, tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(text, encoding="utf-8")
    settings = load(file)
    (name,) = settings.cards.families
    raw, number, commands = CARDS[name]
    card = Tapped(settings.cards.profiles[name].profile(name), serial=raw, passcode_tries_left=0)
    reader = VirtualReader()
    reader.insert(card)
    async with reader.session(reader.presence.insertion) as channel:
        found = await identify(channel, families(settings))
        assert str(found.id) == f"{name}:{number}"
        assert await found.tries_left() == 0
        assert len(card.sent) <= 4
        card.sent.clear()
        await found.reset_passcode(SecretBytes(b"12345678"), SecretStr("80642975"))
        assert card.sent == commands
        assert await found.tries_left() == 3
    assert card.state().passcode == "80642975"


def test_every_example_is_tried() -> None:
    assert len(EXAMPLES) == len(CARDS)


def test_what_the_docs_point_to_is_there() -> None:
    for name in ("docs/cards.md", "CONTRIBUTING.md"):
        page = ROOT / name
        for target in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{name}: {target}"
    recipe = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    sample = (ROOT / "tests" / "sample_family" / "pyproject.toml").read_text("utf-8")
    for line in ('[project.entry-points."kiosk.card_families"]', 'library = "library_card:family"'):
        assert line in recipe
        assert line in sample
