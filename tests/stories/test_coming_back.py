"""Coming back: what a pending record is good for, how long, and when it no longer is."""

from __future__ import annotations

import pytest

from kiosk.dialogue import Gone
from kiosk.steps import AnswerQuestions, CodeChoice, EnterCode, EnterPasscode, NewPasscode, Offer, Welcome
from kiosk.storage.models import PendingRow
from tests.stories.conftest import OpenWorld, with_ann
from tests.stories.plots import NEW_PIN, changing_email, unlock, unlocking
from tests.stories.script import see
from tests.stories.world import PIN, World, in_order, tries

LATER = see(EnterCode, Gone.CARD_OUT)
ANSWERED = see(AnswerQuestions, in_order)


@pytest.fixture
async def left_at_the_code(registered: World) -> World:
    """Ann answered her questions, got her code, and took her card to read it elsewhere."""
    registered.hands.forward(minutes=2)
    registered.ann.lock()
    await registered.visit(registered.ann, [ANSWERED, LATER])
    return registered


async def test_the_code_is_asked_at_once_and_finishes_the_unlock(left_at_the_code: World) -> None:
    world = left_at_the_code
    world.hands.forward(minutes=14)
    script = await world.visit(world.ann, unlocking(world)[1:])
    place = script.seen[0].place
    assert place is not None
    assert (place.step, place.of) == (2, 3)
    assert world.ann.state().pin == NEW_PIN


async def test_at_another_kiosk_and_after_a_restart(left_at_the_code: World, open_world: OpenWorld) -> None:
    world = left_at_the_code
    await world.parts.close()
    other = await open_world(beside=world)
    await other.visit(world.ann, unlocking(world)[1:])
    assert world.ann.state().pin == NEW_PIN


async def test_after_an_expired_code_a_new_one_comes_without_the_questions(left_at_the_code: World) -> None:
    world = left_at_the_code
    world.hands.forward(minutes=16)
    await world.visit(world.ann, [see(Welcome, Offer.UNLOCK), *unlocking(world)[1:]])
    assert world.ann.state().pin == NEW_PIN


async def test_the_answers_count_for_thirty_minutes_whatever_is_sent_again(left_at_the_code: World) -> None:
    world = left_at_the_code
    world.hands.forward(minutes=16)
    await world.visit(world.ann, [see(Welcome, Offer.UNLOCK), LATER])
    world.hands.forward(minutes=14)
    code = world.post.code()
    lines = [ANSWERED, see(EnterCode, code, something_else=True), *unlocking(world)[2:]]
    await world.visit(world.ann, lines)
    assert world.ann.state().pin == NEW_PIN


async def test_after_thirty_minutes_it_begins_with_the_questions(left_at_the_code: World) -> None:
    world = left_at_the_code
    world.hands.forward(minutes=30)
    await unlock(world, world.ann)


async def test_something_else_leaves_the_code_valid(left_at_the_code: World) -> None:
    world = left_at_the_code
    lines = [see(EnterCode, CodeChoice.SOMETHING_ELSE, something_else=True), see(Welcome, Gone.STOPPED)]
    await world.visit(world.ann, lines)
    await world.visit(world.ann, unlocking(world)[1:])


async def test_something_else_and_then_unlock_after_all(left_at_the_code: World) -> None:
    world = left_at_the_code
    mails = len(world.post.mails)
    lines = [see(EnterCode, CodeChoice.SOMETHING_ELSE), see(Welcome, Offer.UNLOCK), *unlocking(world)[1:]]
    await world.visit(world.ann, lines)
    assert len(world.post.mails) == mails, "the code under way is used"


@pytest.mark.parametrize("gone", list(Gone))
async def test_after_a_right_code_nothing_is_resumable(left_at_the_code: World, gone: Gone) -> None:
    world = left_at_the_code
    code = see(EnterCode, world.post.code())
    await world.visit(world.ann, [code, see(NewPasscode, gone)])
    assert world.ann.state().locked
    world.hands.forward(minutes=2)
    await unlock(world, world.ann)


async def test_where_the_mail_comes_first_the_questions_are_asked_after_it(open_world: OpenWorld) -> None:
    world = await with_ann(await open_world(unlock={"proofs": ["email-code", "questions"]}))
    world.hands.forward(minutes=2)
    world.ann.lock()
    await world.visit(world.ann, [see(Welcome, Offer.UNLOCK), LATER])
    questions, code, *rest = unlocking(world)
    await world.visit(world.ann, [code, questions, *rest])
    assert world.ann.state().pin == NEW_PIN


async def test_what_cannot_be_resumed_is_erased_when_the_next_card_goes_in(left_at_the_code: World) -> None:
    world = left_at_the_code
    world.hands.forward(minutes=31)
    await world.holder("H2", "Bo Li", "bo.li@nhs.net")
    await world.visit(await world.card("H2"), [see(Welcome, Gone.CARD_OUT)])
    assert await world.rows(PendingRow) == []


async def test_a_code_for_an_unlock_waits_for_a_card_that_works_again(left_at_the_code: World) -> None:
    """Somebody else unlocked the card meanwhile: the code may still be used, or left."""
    world = left_at_the_code
    tries(world.ann, pin=3)
    await world.visit(world.ann, [see(EnterCode, CodeChoice.SOMETHING_ELSE), see(Welcome, Gone.CARD_OUT)])


async def test_a_change_of_address_is_resumed_with_passcode_and_code(registered: World) -> None:

    world = registered
    world.hands.forward(minutes=2)
    (*first, code, finished) = changing_email(world, "ann@trust.nhs.net")
    await world.visit(world.ann, [*first, LATER])
    assert (await world.known(world.ann)).email == "ann.jones@nhs.net", "until then everything old holds"
    await world.visit(world.ann, [see(EnterPasscode, PIN, code_waits=True), code, finished])
    assert (await world.known(world.ann)).email == "ann@trust.nhs.net"
