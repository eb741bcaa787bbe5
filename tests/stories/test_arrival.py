"""The table "When a card goes in": what each card is offered, the first row that fits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretBytes

from cardio.virtual.card import VirtualCard
from cardio.virtual.piv import PivCard
from cardio.virtual.unknown import UnknownCard
from kiosk.dialogue import Gone
from kiosk.enrolment import NewCard, NewHolder
from kiosk.refusals import Why
from kiosk.steps import AnswerQuestions, EnterCode, Offer, SeeRA, Welcome
from kiosk.storage.models import CardState
from tests.stories.conftest import OpenWorld, with_ann
from tests.stories.plots import block, registration
from tests.stories.script import see
from tests.stories.world import PUK, World, identity, in_order, tries

LEAVES = Gone.CARD_OUT
FULL_MENU = (Offer.CHANGE_PASSCODE, Offer.FORGOTTEN, Offer.CHANGE_DETAILS, Offer.WITHDRAW)


async def turned_away(world: World, card: VirtualCard, why: Why) -> None:
    """The card gets the RA's contact, and nothing was asked or mailed before."""
    mails, refusals = len(world.post.mails), len(await world.events("card.refused"))
    script = await world.visit(card, [see(SeeRA, why=why)])
    assert [type(step) for step in script.seen] == [SeeRA]
    assert len(world.post.mails) == mails
    assert len(await world.events("card.refused")) == refusals + 1


@pytest.mark.parametrize(
    "card", [UnknownCard(), PivCard(chuid=False, serial=None)], ids=["bank", "no-identity"]
)
async def test_not_a_card_it_can_talk_to(world: World, card: VirtualCard) -> None:
    await turned_away(world, card, Why.UNREADABLE)


async def test_a_card_the_store_does_not_know(world: World) -> None:
    await world.holder()
    await turned_away(world, await world.card(enrolled=False), Why.UNKNOWN_CARD)
    (event,) = await world.events("card.refused")
    assert (event.reason, event.holder_key) == ("unknown-card", "")


@pytest.mark.parametrize("state", [CardState.SUSPENDED, CardState.REVOKED])
@pytest.mark.parametrize("locked", [False, True])
async def test_a_suspended_or_revoked_card_gets_the_same_words(
    registered: World, state: CardState, locked: bool
) -> None:
    await registered.set_state(registered.ann, state)
    if locked:
        registered.ann.lock()
    await turned_away(registered, registered.ann, Why.UNKNOWN_CARD)
    (event,) = await registered.events("card.refused")
    assert event.reason == state.value, "the audit trail has the reason that the screen keeps to itself"
    await registered.set_state(registered.ann, CardState.ACTIVE)
    assert (await registered.known(registered.ann)).state is CardState.ACTIVE


async def test_a_copy_of_a_suspended_card_learns_no_more_than_the_card(registered: World) -> None:
    await registered.set_state(registered.ann, CardState.SUSPENDED)
    copy = await registered.card(enrolled=False, guid=registered.ann.guid)
    await turned_away(registered, copy, Why.UNKNOWN_CARD)


async def test_the_cards_of_the_selftest_are_unknown_to_everybody_else(world: World) -> None:
    card = await world.card(enrolled=False)
    await world.parts.enrolment.add_holder(NewHolder("S1", "Self Test", ""), by="test", selftest=True)
    await world.parts.enrolment.enrol("S1", NewCard(identity(card), SecretBytes(PUK.encode())), by="test")
    await turned_away(world, card, Why.UNKNOWN_CARD)


async def test_an_expired_certificate(open_world: OpenWorld) -> None:
    world = await open_world()
    await world.holder()
    card = await world.card(expires=world.hands.wall - timedelta(days=1))
    await turned_away(world, card, Why.CERTIFICATE_EXPIRED)
    lenient = await open_world(beside=world, unlock={"refuse_expired_certificates": False})
    await lenient.visit(card, [see(Welcome, LEAVES)])


async def test_a_card_without_a_certificate_is_not_refused(world: World) -> None:
    await world.holder()
    await world.visit(await world.card(sign_in=None), [see(Welcome, LEAVES)])


async def test_a_pending_code_made_at_another_kiosk(registered: World, open_world: OpenWorld) -> None:
    registered.ann.lock()
    await registered.visit(registered.ann, [see(AnswerQuestions, in_order), see(EnterCode, LEAVES)])
    other = await open_world(beside=registered, site={"kiosk_name": "Kiosk 2"})
    await other.visit(registered.ann, [see(EnterCode, LEAVES, something_else=True)])


@pytest.mark.parametrize("card", [{"secret": None}, {"puk_tries_left": 1}, {"puk_tries_left": 0}])
async def test_locked_and_no_unblock_secret_to_spend(world: World, card: dict[str, Any]) -> None:
    await world.holder()
    locked = await world.card(pin_tries_left=0, **card)
    left = locked.state().puk_tries_left
    await turned_away(world, locked, Why.NO_UNBLOCK)
    assert locked.state().puk_tries_left == left


async def test_locked_and_the_unblock_secret_went_missing_after_registering(registered: World) -> None:
    registered.ann.lock()
    tries(registered.ann, puk=1)
    await turned_away(registered, registered.ann, Why.NO_UNBLOCK)


@pytest.mark.parametrize("card", [{"secret": None}, {"puk_tries_left": 1}])
async def test_without_an_unblock_secret_neither_register_nor_forgotten(
    world: World, card: dict[str, Any]
) -> None:
    await world.holder()
    await world.visit(
        await world.card(**card),
        [see(Welcome, LEAVES, offers=(Offer.CHANGE_PASSCODE,), note=Why.NO_UNBLOCK)],
    )


async def test_registered_whose_unblock_secret_is_nearly_spent(registered: World) -> None:
    tries(registered.ann, puk=1)
    offers = (Offer.CHANGE_PASSCODE, Offer.CHANGE_DETAILS, Offer.WITHDRAW)
    await registered.visit(registered.ann, [see(Welcome, LEAVES, offers=offers, note=Why.NO_UNBLOCK)])


async def test_locked_and_blocked(registered: World) -> None:
    await block(registered, registered.ann)
    offers = (Offer.ASSISTANCE,)
    await registered.visit(
        registered.ann, [see(Welcome, LEAVES, offers=offers, note=Why.BLOCKED, locked=True)]
    )


async def test_locked_and_registered_begins_with_the_questions(registered: World) -> None:
    registered.ann.lock()
    script = await registered.visit(
        registered.ann, [see(AnswerQuestions, LEAVES, explain=True, attempts_left=3, code_minutes=15)]
    )
    (step,) = script.seen
    assert step.place is not None
    assert (step.place.step, step.place.of) == (1, 3)


async def test_locked_and_not_registered(world: World) -> None:
    await world.holder()
    await world.visit(
        await world.card(pin_tries_left=0),
        [see(Welcome, LEAVES, offers=(Offer.ASSISTANCE,), note=Why.PROOF_MISSING)],
    )


async def test_locked_not_registered_and_without_an_address(world: World) -> None:
    await world.holder(email="")
    await turned_away(world, await world.card(pin_tries_left=0), Why.PROOF_MISSING)


async def test_not_locked_and_blocked(registered: World) -> None:
    await block(registered, registered.ann)
    tries(registered.ann, pin=3)
    offers = (Offer.CHANGE_PASSCODE, Offer.ASSISTANCE)
    await registered.visit(registered.ann, [see(Welcome, LEAVES, offers=offers, note=Why.BLOCKED)])


async def test_not_locked_and_not_registered(world: World) -> None:
    await world.holder()
    offers = (Offer.REGISTER, Offer.CHANGE_PASSCODE)
    await world.visit(
        await world.card(), [see(Welcome, LEAVES, offers=offers, note=None, first_name="Ann", locked=False)]
    )


async def test_forgotten_is_offered_to_the_unregistered_where_the_mail_is_enough(
    open_world: OpenWorld,
) -> None:
    world = await open_world(unlock={"proofs": ["email-code"]})
    await world.holder()
    await world.holder("H2", "Bo Li", email="")
    offers = (Offer.REGISTER, Offer.CHANGE_PASSCODE)
    await world.visit(await world.card(), [see(Welcome, LEAVES, offers=(*offers, Offer.FORGOTTEN))])
    await world.visit(await world.card("H2"), [see(Welcome, LEAVES, offers=offers)])


async def test_not_locked_and_registered(registered: World) -> None:
    await registered.visit(registered.ann, [see(Welcome, LEAVES, offers=FULL_MENU, note=None)])


async def test_a_registration_with_an_address_of_ones_own_may_have_to_wait(open_world: OpenWorld) -> None:
    world = await open_world(register={"hold_hours": 24})
    await world.holder()
    card = await world.card()
    (*lines, finished) = registration(world, email="ann@trust.nhs.net")
    script = await world.visit(card, [*lines, finished])
    waits = world.hands.wall + timedelta(hours=24)
    assert getattr(script.seen[-1], "usable_from") == waits  # noqa: B009 - any Step
    offers = (Offer.CHANGE_PASSCODE, Offer.CHANGE_DETAILS, Offer.WITHDRAW)
    await world.visit(card, [see(Welcome, LEAVES, offers=offers, note=Why.HOLD)])
    card.lock()
    await world.visit(card, [see(Welcome, LEAVES, offers=(Offer.ASSISTANCE,), note=Why.HOLD)])
    world.hands.forward(hours=24, seconds=1)
    await world.visit(card, [see(AnswerQuestions, LEAVES)])


async def test_a_registration_with_the_ras_address_need_not_wait(open_world: OpenWorld) -> None:
    world = await with_ann(await open_world(register={"hold_hours": 24}))
    world.ann.lock()
    await world.visit(world.ann, [see(AnswerQuestions, LEAVES)])
