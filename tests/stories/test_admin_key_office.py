"""An admin key at enrolment: the card has to accept it, where it knows how to."""

from __future__ import annotations

import pytest
from pydantic import SecretBytes

from cardio.virtual.gids import ADMIN_KEY, GidsCard
from kiosk.enrolment import Change, EnrolmentError
from kiosk.office import enrolling, equipping, office
from kiosk.storage.models import CardRow, UnblockSecretRow
from kiosk.wiring import KeyRing
from tests.stories.conftest import OpenWorld
from tests.stories.world import VAULT_KEY, World

OTHER_KEY = bytes(range(24))


async def desk(open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch, **table: str) -> World:
    """A site with GIDS cards, and a holder without one."""
    keys = KeyRing(vault=VAULT_KEY, pepper=SecretBytes(b"p" * 32))
    monkeypatch.setattr(office, "key_ring", lambda _: keys)
    world = await open_world(cards={"families": ["gids"], "gids": table})
    await world.holder()
    return world


async def enrol(world: World, card: GidsCard, key: bytes = ADMIN_KEY) -> Change:
    """As `kiosk card enrol` does it."""
    settings, reader = world.service.store.settings, world.reader
    reader.remove()
    reader.insert(card)
    seen = await enrolling.read_card(settings, reader, lambda _: None)
    done = await equipping.equip(
        settings, reader, lambda _: None, "H1", seen, SecretBytes(key), fresh=False, by="officer"
    )
    return done.change


async def test_a_card_that_accepts_its_key_is_kept_as_proven(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await desk(open_world, monkeypatch)
    assert await enrol(world, GidsCard()) is Change.ADDED
    (row,) = await world.rows(CardRow)
    assert (row.secret_proven, row.mutual_proven) == (True, True)


async def test_a_key_that_the_card_refuses_is_not_kept(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await desk(open_world, monkeypatch)
    card = GidsCard(admin_key=OTHER_KEY, admin_tries=3)
    with pytest.raises(EnrolmentError, match="nothing was kept"):
        await enrol(world, card)
    assert await world.rows(CardRow) == []
    assert await world.rows(UnblockSecretRow) == []
    assert card.state().admin_tries_left == 2


async def test_a_card_without_mutual_authentication_is_enrolled_untried(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await desk(open_world, monkeypatch)
    card = GidsCard(mutual=False, admin_key=OTHER_KEY, admin_tries=3)
    assert await enrol(world, card) is Change.ADDED
    (row,) = await world.rows(CardRow)
    assert (row.secret_proven, row.mutual_proven, card.state().admin_tries_left) == (False, False, 3)


async def test_required_takes_no_card_that_can_prove_nothing(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await desk(open_world, monkeypatch, card_authentication="required")
    with pytest.raises(EnrolmentError, match="demands a proof"):
        await enrol(world, GidsCard(mutual=False))
    assert await world.rows(CardRow) == []
