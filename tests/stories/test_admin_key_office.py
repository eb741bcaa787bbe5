"""An admin key at enrolment: the card has to accept it, where it knows how to."""

from __future__ import annotations

import pytest
from pydantic import SecretBytes

from cardio.card import CardId
from cardio.errors import CardRemoved
from cardio.virtual.gids import ADMIN_KEY, GidsCard
from kiosk.dialogue import Gone
from kiosk.enrolment import Change, EnrolmentError, NewCard
from kiosk.keyring import ring_in_memory
from kiosk.office import enrolling, equipping, office
from kiosk.refusals import Why
from kiosk.steps import SeeRA, Welcome
from kiosk.storage.models import CardRow, RefusedSecretRow, UnblockSecretRow
from tests.stories.conftest import OpenWorld
from tests.stories.plots import registration
from tests.stories.script import see
from tests.stories.world import PEPPER, PIN, VAULT_KEY, World

OTHER_KEY = bytes(range(24))
NUMBER = bytes(range(16))
CARD = CardId("gids", "card-id", NUMBER.hex().upper())
AUTHENTICATE = 0x87


async def desk(open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch, **table: str) -> World:
    """A site with GIDS cards, and a holder without one."""
    keys = ring_in_memory(VAULT_KEY, PEPPER)
    monkeypatch.setattr(office, "key_ring", lambda _: keys)
    world = await open_world(cards={"families": ["gids"], "gids": table})
    await world.holder()
    return world


async def enrol(world: World, card: GidsCard, key: bytes = ADMIN_KEY) -> Change:
    """As `kiosk card enrol` does it."""
    settings, reader = world.settings, world.reader
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


async def left(world: World, card: GidsCard, key: bytes) -> int | None:
    """Tries left after an enrolment that fails."""
    with pytest.raises((EnrolmentError, CardRemoved)):
        await enrol(world, card, key)
    return card.state().admin_tries_left


async def test_after_a_refusal_no_key_is_tried_before_somebody_has_looked(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await desk(open_world, monkeypatch)
    card = GidsCard(admin_key=OTHER_KEY, admin_tries=3, card_id=NUMBER)
    for key in (ADMIN_KEY, ADMIN_KEY, bytes(24), OTHER_KEY):
        assert await left(world, card, key) == 2
    (event,) = await world.events("unblock-secret.failed")
    assert (event.actor, event.outcome, event.card_key) == ("officer", "refused", "")
    await world.parts.enrolment.clear_secret(CARD, by="officer", reason="it was a typing error")
    assert await enrol(world, card, OTHER_KEY) is Change.ADDED
    assert card.state().admin_tries_left == 3
    assert await world.rows(RefusedSecretRow) == []


async def test_a_key_whose_answer_was_lost_is_tried_once_more_and_no_third_time(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await desk(open_world, monkeypatch)
    card = GidsCard(admin_key=OTHER_KEY, admin_tries=3, card_id=NUMBER)
    for tries in (2, 1):
        world.reader.faults.lose_reply(3, ins=AUTHENTICATE)
        assert await left(world, card, ADMIN_KEY) == tries
    for key in (ADMIN_KEY, bytes(24)):
        assert await left(world, card, key) == 1
    new = NewCard(CARD, SecretBytes(OTHER_KEY))
    assert await world.parts.enrolment.enrol("H1", new, by="roll") is Change.HELD
    assert not (await world.found(CARD)).has_unblock_secret, "no kiosk sends it either"
    await world.parts.enrolment.clear_secret(CARD, by="officer", reason="looked")
    assert (await world.found(CARD)).has_unblock_secret


@pytest.mark.parametrize(("lost", "change", "spent"), [(False, Change.ADDED, 1), (True, Change.HELD, 2)])
async def test_what_the_desk_spent_counts_once_the_card_is_brought_in(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch, lost: bool, change: Change, spent: int
) -> None:
    world = await desk(open_world, monkeypatch)
    card = GidsCard(pin=PIN, admin_key=OTHER_KEY, admin_tries=3, card_id=NUMBER)
    if lost:
        world.reader.faults.lose_reply(3, ins=AUTHENTICATE)
        await left(world, card, ADMIN_KEY)
    assert await left(world, card, ADMIN_KEY) == 3 - spent
    new = NewCard(CARD, SecretBytes(bytes(24)))
    assert await world.parts.enrolment.enrol("H1", new, by="roll") is change
    (row,) = await world.rows(CardRow)
    assert row.unproven_sends == spent
    for _ in range(3):
        usable = (await world.found(CARD)).has_unblock_secret
        lines = [*registration(world)[:-1], see(SeeRA, why=Why.NO_UNBLOCK)]
        await world.visit(card, lines if usable else [see(Welcome, Gone.CARD_OUT)])
    assert card.state().admin_tries_left == 1


async def test_a_key_that_the_card_accepts_after_a_lost_answer_owes_nothing(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await desk(open_world, monkeypatch)
    card = GidsCard(pin=PIN, admin_tries=3, card_id=NUMBER)
    world.reader.faults.lose_reply(3, ins=AUTHENTICATE)
    await left(world, card, ADMIN_KEY)
    assert await enrol(world, card) is Change.ADDED
    (row,) = await world.rows(CardRow)
    assert (row.unproven_sends, await world.rows(RefusedSecretRow)) == (0, [])


async def test_tries_at_the_desk_count_for_the_kiosks_too(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card of the store whose key was changed elsewhere: two sends in vain in all, at desk and kiosk."""
    world = await desk(open_world, monkeypatch)
    card = GidsCard(pin=PIN, admin_tries=3, card_id=NUMBER)
    await enrol(world, card)
    card._admin.value = OTHER_KEY
    assert await left(world, card, bytes(24)) == 2
    assert await left(world, card, bytes(24)) == 2
    await world.visit(card, [*registration(world)[:-1], see(SeeRA, why=Why.NOT_GENUINE)])
    world.hands.forward(minutes=70)
    await world.visit(card, [*registration(world)[:-1], see(SeeRA, why=Why.NO_UNBLOCK)])
    for _ in range(2):
        await world.visit(card, [see(Welcome, Gone.CARD_OUT, note=Why.NO_UNBLOCK)])
    assert card.state().admin_tries_left == 1


async def test_a_key_of_another_kind_of_card_costs_nothing(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await desk(open_world, monkeypatch)
    card = GidsCard(admin_tries=3, card_id=NUMBER)
    for _ in range(3):
        with pytest.raises(EnrolmentError, match="another kind of admin key"):
            await enrol(world, card, bytes(range(32)))
    assert await enrol(world, card) is Change.ADDED


async def test_anothers_card_is_sent_no_key(open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world = await desk(open_world, monkeypatch)
    await world.holder("H2", "Bob Smith", "bob@nhs.net")
    card = GidsCard(admin_tries=3, card_id=NUMBER)
    await world.parts.enrolment.enrol("H2", NewCard(CARD, SecretBytes(ADMIN_KEY)), by="test")
    with pytest.raises(EnrolmentError, match="another holder"):
        await enrol(world, card, OTHER_KEY)
    assert card.state().admin_tries_left == 3
