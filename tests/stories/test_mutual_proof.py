"""GIDS cards: card and kiosk prove to each other that they know the admin key, as the card goes in."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretBytes

from cardio.apdu import Command, Response
from cardio.card import CardId
from cardio.virtual.gids import ADMIN_KEY, GidsCard
from kiosk.dialogue import Gone
from kiosk.enrolment import NewCard
from kiosk.refusals import Why
from kiosk.steps import NewPasscode, Offer, SeeRA, Welcome
from kiosk.storage.models import CardRow, CardWriteRow, HolderRow
from tests.stories.conftest import OpenWorld
from tests.stories.plots import NEW_PIN, changing_passcode, registration, unlocking
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


async def test_a_card_registers_and_is_unlocked_in_the_session_in_which_it_proved_itself(
    open_world: OpenWorld,
) -> None:
    card = gids_card(admin_tries=3)
    world = await registered(open_world, card)
    assert ((await row(world)).secret_proven, (await row(world)).mutual_proven) == (True, True)
    card.lock()
    await world.visit(card, unlocking(world))
    assert card.state().pin == NEW_PIN
    trace = [each.header[1] for each in world.reader.faults.trace]
    assert AUTHENTICATE in trace[: trace.index(RESET)][-4:], "proof and unlock share a session"
    assert card.state().admin_tries_left == 3


@pytest.mark.parametrize("locked", [True, False])
async def test_a_copy_that_does_not_know_the_key_costs_the_holder_nothing(
    open_world: OpenWorld, locked: bool
) -> None:
    card = gids_card()
    world = await registered(open_world, card)
    mails = len(world.post.mails)
    await world.visit(gids_card(admin_key=OTHER_KEY, pin_tries_left=0 if locked else 3), [REFUSED])
    (holder,) = await world.rows(HolderRow)
    assert (holder.attempts, holder.blocked_at, (await row(world)).unblock_state) == (0, None, "usable")
    (alarm,) = await world.events("card.not-genuine")
    assert (alarm.outcome, alarm.reason) == ("alarm", "proof failed")
    assert len(world.post.mails) == mails
    card.lock()
    await world.visit(card, unlocking(world))
    assert (await row(world)).proof_refusals == 0


async def test_refusals_in_a_row_of_a_proven_key_stop_before_they_could_lock_it(
    open_world: OpenWorld,
) -> None:
    """It may be the genuine card, whose key was changed elsewhere."""
    card = gids_card(admin_tries=3)
    world = await registered(open_world, card)
    card._admin.value = OTHER_KEY
    await world.visit(card, [REFUSED])
    await world.visit(card, [REFUSED])
    assert (await row(world)).unblock_state == "failed"
    world.reader.faults.trace.clear()
    offers = (Offer.CHANGE_PASSCODE, Offer.CHANGE_DETAILS, Offer.WITHDRAW)
    await world.visit(card, [see(Welcome, LEAVES, offers=offers, note=Why.NO_UNBLOCK)])
    assert sent(world) == 0
    assert card.state().admin_tries_left == 1, "the last try is never used"


async def test_a_key_that_was_never_proven_is_refused_once_and_not_sent_again(open_world: OpenWorld) -> None:
    world = await enrolled(open_world)
    card = gids_card(admin_key=OTHER_KEY, admin_tries=3)
    await world.visit(card, [NO_SECRET])
    assert sent(world) == 1
    assert (await row(world)).unblock_state == "failed"
    await world.visit(card, [see(Welcome, LEAVES, offers=(Offer.CHANGE_PASSCODE,), note=Why.NO_UNBLOCK)])
    card.lock()
    await world.visit(card, [NO_SECRET])
    assert (sent(world), card.state().admin_tries_left) == (1, 2)


async def test_a_key_whose_answers_are_lost_is_not_sent_for_ever(open_world: OpenWorld) -> None:
    world = await enrolled(open_world)
    card = gids_card(admin_key=OTHER_KEY, admin_tries=3)
    for _ in range(2):
        world.reader.faults.lose_reply(nth=3, ins=AUTHENTICATE)
        await world.visit(card, [see(SeeRA, why=Why.PUT_BACK)])
    await world.visit(card, [NO_SECRET])
    assert (await row(world)).unblock_state == "failed"
    assert card.state().admin_tries_left == 1


async def test_a_card_that_knows_no_mutual_authentication_is_believed(open_world: OpenWorld) -> None:
    card = gids_card(mutual=False, admin_tries=3)
    world = await registered(open_world, card)
    card.lock()
    await world.visit(card, unlocking(world))
    assert card.state().pin == NEW_PIN
    assert ((await row(world)).secret_proven, (await row(world)).mutual_proven) == (True, False)
    world.hands.forward(minutes=2)
    await world.visit(card, [see(Welcome, LEAVES)])


async def test_a_card_that_suddenly_knows_none_is_refused(open_world: OpenWorld) -> None:
    world = await registered(open_world, gids_card())
    await world.visit(gids_card(mutual=False), [REFUSED])
    assert [event.reason for event in await world.events("card.not-genuine")] == ["no mutual authentication"]


async def test_required_refuses_a_card_that_cannot_prove_itself(open_world: OpenWorld) -> None:
    world = await enrolled(open_world, card_authentication="required")
    await world.visit(gids_card(mutual=False), [REFUSED])
    await world.visit(gids_card(), [see(Welcome, LEAVES)])


async def test_off_sends_the_key_only_to_unlock(open_world: OpenWorld) -> None:
    world = await enrolled(open_world, card_authentication="off")
    card = gids_card()
    await world.visit(card, registration(world))
    assert sent(world) == 0
    world.hands.forward(minutes=2)
    card.lock()
    await world.visit(card, unlocking(world))
    assert card.state().pin == NEW_PIN


async def test_a_passcode_that_the_card_refuses_does_not_blame_the_key(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = gids_card()
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


async def test_a_known_passcode_is_changed_after_the_proof(open_world: OpenWorld) -> None:
    card = gids_card()
    world = await registered(open_world, card)
    await world.visit(card, changing_passcode())
    assert card.state().pin == NEW_PIN
    assert sent(world) == 3, "once in each session"
