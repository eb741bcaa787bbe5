"""Cards whose unblock secrets are derived from a master key: unlocked, and replaced by one that is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretBytes

from cardio.applets.piv import PivFamily
from cardio.virtual.piv import PivCard
from kiosk.card_settings import Diversify
from kiosk.diversify import Derivation
from kiosk.enrolment import NewCard
from kiosk.settings import Settings
from kiosk.storage.models import UnblockSecretRow
from tests.stories.plots import NEW_PIN, register, unlock
from tests.stories.world import PIN, World, identity, new_world

MASTER = SecretBytes(bytes(range(32)))


def puk_of(card: PivCard) -> str:
    """What the issuer has written onto it."""
    secret = Derivation(Diversify(), MASTER, PivFamily().secret).secret(identity(card))
    return secret.get_secret_value().decode()


def personalised(**options: object) -> PivCard:
    """A card that its issuer has given the PUK that belongs to its number."""
    guid = bytes.fromhex("8F1C2A6E0D4B4C1F9A5E7B3D2C4F6A52")
    blank = PivCard(guid=guid)
    return PivCard(pin=PIN, puk=puk_of(blank), guid=guid, **options)  # type: ignore[arg-type]


@pytest.fixture(params=[False, True], ids=["kept", "rotated"])
async def site(
    request: pytest.FixtureRequest, tmp_path: Path, database: dict[str, str]
) -> AsyncIterator[World]:
    table = {"unblock_secret": "diversified", "rotate": request.param}
    settings = Settings().changed(database=database, cards={"piv": table})
    async with new_world(tmp_path, settings, masters={"piv": MASTER}) as world:
        await world.holder()
        yield world


async def enrol(world: World, card: PivCard) -> None:
    """Nothing is kept for it but its number and its key."""
    new = NewCard(identity(card), None, card.card_key_der)
    await world.parts.enrolment.enrol("H1", new, by="test")


async def test_a_card_is_unlocked_with_what_its_number_makes(site: World) -> None:
    card = personalised()
    await enrol(site, card)
    await register(site, card)
    card.lock()
    site.hands.forward(minutes=2)
    await unlock(site, card)
    state = card.state()
    assert (state.pin, state.puk_tries_left) == (NEW_PIN, 3)
    rotated = site.service.settings.cards.piv.rotate
    assert (state.puk != puk_of(card)) is rotated
    assert len(await site.rows(UnblockSecretRow)) == int(rotated), "a replaced one is kept, and wins"
    card.lock()
    site.hands.forward(minutes=2)
    await unlock(site, card, "840276")
    assert card.state().pin == "840276"
