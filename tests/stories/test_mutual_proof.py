"""GIDS cards: card and kiosk prove to each other that they know the admin key, when all else is proven."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretBytes

from cardio.apdu import Command, Response
from cardio.card import CardId
from cardio.virtual.gids import ADMIN_KEY, GidsCard
from kiosk.dialogue import Gone
from kiosk.enrolment import NewCard
from kiosk.refusals import CodeRefusal, Why
from kiosk.steps import EnterCode, EnterPasscode, NewPasscode, Offer, SeeRA, Welcome
from kiosk.storage.models import CardRow, CardWriteRow, HolderRow, RegistrationRow
from tests.stories.conftest import OpenWorld
from tests.stories.plots import NEW_PIN, changing_passcode, registration, unlocking, withdrawing
from tests.stories.script import see
from tests.stories.world import PIN, World

LEAVES = Gone.CARD_OUT
NUMBER = bytes(range(16))
OTHER_KEY = bytes(range(24))
REFUSED = see(SeeRA, why=Why.NOT_GENUINE)
NO_SECRET = see(SeeRA, why=Why.NO_UNBLOCK)
AUTHENTICATE, RESET = 0x87, 0x2C
GIDS: dict[str, Any] = {"cards": {"families": ["gids"]}}


def gids_card(**card: Any) -> GidsCard:
    return GidsCard(**{"pin": PIN, "card_id": NUMBER, **card})


async def enrolled(open_world: OpenWorld, **table: Any) -> World:
    """Ann has the card with that number, and the RA has brought in its admin key."""
    world = await open_world(cards={"families": ["gids"], "gids": table})
    await world.holder()
    new = NewCard(CardId("gids", "card-id", NUMBER.hex().upper()), SecretBytes(ADMIN_KEY))
    await world.parts.enrolment.enrol("H1", new, by="test")
    return world


async def registered(open_world: OpenWorld, card: GidsCard) -> World:
    world = await enrolled(open_world)
    await world.visit(card, registration(world))
    world.hands.forward(minutes=2)
    world.reader.faults.trace.clear()
    return world


async def row(world: World) -> CardRow:
    (found,) = await world.rows(CardRow)
    return found


def sent(world: World) -> int:
    """Answers made with the admin key that went to a card."""
    return sum(1 for each in world.reader.faults.trace if each.header[1] == AUTHENTICATE and each.lc > 20)


async def test_a_card_proves_itself_right_before_it_is_registered_and_unlocked(open_world: OpenWorld) -> None:
    card = gids_card(admin_tries=3)
    world = await registered(open_world, card)
    assert ((await row(world)).secret_proven, (await row(world)).mutual_proven) == (True, True)
    card.lock()
    await world.visit(card, unlocking(world))
    assert card.state().pin == NEW_PIN
    trace = [each.header[1] for each in world.reader.faults.trace]
    assert trace[trace.index(RESET) - 1] == AUTHENTICATE, "proof and unlock share a session"
    assert (sent(world), card.state().admin_tries_left) == (1, 3)


async def test_nothing_that_opens_the_card_goes_over_the_wire_before_every_proof_was_given(
    open_world: OpenWorld,
) -> None:
    """After mutual authentication a card takes a new passcode from whoever holds the wire."""
    card = gids_card()
    world = await registered(open_world, card)
    world.reader.faults.trace.clear()
    await world.visit(card, [*changing_passcode()[:2], see(NewPasscode, LEAVES)])
    card.lock()
    *proofs, new, _ = unlocking(world)
    await world.visit(card, [*proofs, see(new.step, LEAVES)])
    assert world.reader.faults.count([AUTHENTICATE]) == 0


async def test_a_registration_proves_the_card_when_its_code_is_right_and_not_before(
    open_world: OpenWorld,
) -> None:
    world = await enrolled(open_world)
    card = gids_card()
    *lines, _, _ = registration(world)
    wrong = see(EnterCode, "00000000"), see(EnterCode, LEAVES, refusal=CodeRefusal.WRONG)
    await world.visit(card, [*lines, *wrong])
    assert world.reader.faults.count([AUTHENTICATE]) == 0


async def test_a_copy_is_not_registered(open_world: OpenWorld) -> None:
    """One that says yes to every passcode gets as far as the code, and no further."""
    world = await registered(open_world, gids_card())
    await world.visit(gids_card(), withdrawing())
    world.hands.forward(minutes=70)
    await world.visit(gids_card(admin_key=OTHER_KEY), [*registration(world)[:-1], REFUSED])
    (holder,) = await world.rows(HolderRow)
    assert (holder.attempts, holder.blocked_at, (await row(world)).unblock_state) == (0, None, "usable")
    (alarm,) = await world.events("card.not-genuine")
    assert (alarm.outcome, alarm.reason) == ("alarm", "proof failed")
    assert await world.rows(RegistrationRow) == []
    await world.visit(gids_card(), [see(EnterPasscode, LEAVES)])


async def test_a_copy_that_answers_is_found_out_before_it_is_unlocked(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes our proof, whatever it is, and cannot give one of its own."""
    world = await registered(open_world, gids_card())
    copy = gids_card(pin_tries_left=0)
    monkeypatch.setattr("cardio.applets.gids_auth.MutualAuthentication.proven_by", lambda *_: False)
    await world.visit(copy, [*unlocking(world)[:-1], REFUSED])
    assert copy.state().locked
    assert ((await row(world)).unblock_state, (await row(world)).unproven_sends) == ("usable", 0)
    assert [write.state for write in await world.rows(CardWriteRow)] == ["refused"]


@pytest.mark.parametrize("proven", [True, False])
async def test_a_refused_key_is_sent_once_in_an_unlock(open_world: OpenWorld, proven: bool) -> None:
    card = gids_card(admin_tries=3)
    world = await registered(open_world, card)
    if not proven:
        known = await world.only_card()
        await world.parts.enrolment.clear_secret(known.id, by="test", reason="looked at")
    card._admin.value = OTHER_KEY
    card.lock()
    world.reader.faults.trace.clear()
    await world.visit(card, [*unlocking(world)[:-1], NO_SECRET])
    assert (await row(world)).unblock_state == "failed"
    await world.visit(card, [NO_SECRET])
    assert (sent(world), card.state().admin_tries_left) == (1, 2)


async def test_a_key_that_was_never_proven_is_refused_once_at_a_registration(open_world: OpenWorld) -> None:
    world = await enrolled(open_world)
    card = gids_card(admin_key=OTHER_KEY, admin_tries=3)
    await world.visit(card, [*registration(world)[:-1], NO_SECRET])
    assert (sent(world), (await row(world)).unblock_state) == (1, "failed")
    assert await world.rows(RegistrationRow) == []
    await world.visit(card, [see(Welcome, LEAVES, offers=(Offer.CHANGE_PASSCODE,), note=Why.NO_UNBLOCK)])
    card.lock()
    await world.visit(card, [NO_SECRET])
    assert (sent(world), card.state().admin_tries_left) == (1, 2)


async def test_a_key_whose_answers_are_lost_is_not_sent_for_ever(open_world: OpenWorld) -> None:
    world = await enrolled(open_world)
    card = gids_card(admin_key=OTHER_KEY, admin_tries=3)
    for _ in range(2):
        world.reader.faults.lose_reply(nth=3, ins=AUTHENTICATE)
        await world.visit(card, [*registration(world)[:-1], see(SeeRA, why=Why.PUT_BACK)])
        world.hands.forward(minutes=70)
    await world.visit(card, [*registration(world)[:-1], NO_SECRET])
    assert (await row(world)).unblock_state == "failed"
    assert card.state().admin_tries_left == 1


async def test_a_proven_key_is_not_sent_for_ever_either(open_world: OpenWorld) -> None:
    """Whatever is refused or lost: the last try of a card whose key was changed elsewhere stays."""
    card = gids_card(admin_tries=3)
    world = await registered(open_world, card)
    await world.visit(card, withdrawing())
    card._admin.value = OTHER_KEY
    for _ in range(2):
        world.hands.forward(minutes=70)
        await world.visit(card, [*registration(world)[:-1], REFUSED])
    world.hands.forward(minutes=70)
    await world.visit(card, [*registration(world)[:-1], NO_SECRET])
    assert card.state().admin_tries_left == 1


async def test_a_card_that_knows_no_mutual_authentication_is_believed(open_world: OpenWorld) -> None:
    card = gids_card(mutual=False, admin_tries=3)
    world = await registered(open_world, card)
    card.lock()
    await world.visit(card, unlocking(world))
    assert card.state().pin == NEW_PIN
    assert ((await row(world)).secret_proven, (await row(world)).mutual_proven) == (False, False)
    world.hands.forward(minutes=2)
    await world.visit(card, [see(Welcome, LEAVES)])


async def test_a_card_that_suddenly_knows_none_is_refused(open_world: OpenWorld) -> None:
    world = await registered(open_world, gids_card())
    copy = gids_card(mutual=False, pin_tries_left=0)
    await world.visit(copy, [*unlocking(world)[:-1], REFUSED])
    assert copy.state().locked
    assert [event.reason for event in await world.events("card.not-genuine")] == ["no mutual authentication"]
    assert (await row(world)).unblock_state == "usable"


async def test_required_refuses_a_card_that_cannot_prove_itself(open_world: OpenWorld) -> None:
    world = await enrolled(open_world, card_authentication="required")
    await world.visit(gids_card(mutual=False), [*registration(world)[:-1], REFUSED])
    world.hands.forward(minutes=70)
    await world.visit(gids_card(), registration(world))


async def test_off_sends_the_key_only_to_unlock(open_world: OpenWorld) -> None:
    world = await enrolled(open_world, card_authentication="off")
    card = gids_card()
    await world.visit(card, registration(world))
    assert sent(world) == 0
    world.hands.forward(minutes=2)
    card.lock()
    await world.visit(card, unlocking(world))
    assert card.state().pin == NEW_PIN


@pytest.mark.parametrize("mutual", [True, False])
async def test_a_passcode_that_the_card_refuses_does_not_blame_the_key(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch, mutual: bool
) -> None:
    """The card had accepted that, one way or the other."""
    card = gids_card(mutual=mutual)
    world = await registered(open_world, card)
    card.lock()
    with monkeypatch.context() as patch:
        honest = card.process

        def process(command: Command) -> Response:
            return Response(b"", 0x6A80) if command.ins == RESET else honest(command)

        patch.setattr(card, "process", process)
        await world.visit(card, [*unlocking(world)[:-1], see(NewPasscode, LEAVES)])
    assert (await row(world)).unblock_state == "usable"
    assert [write.state for write in await world.rows(CardWriteRow)] == ["refused"]
