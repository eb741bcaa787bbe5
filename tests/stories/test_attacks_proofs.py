"""A proof counts for what it proved, where it was sent, and for as long as it was meant to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kiosk.dialogue import Gone
from kiosk.refusals import Why
from kiosk.steps import (
    AnswerQuestions,
    CodeChoice,
    EnterAssistance,
    EnterCode,
    EnterPasscode,
    NewPasscode,
    Offer,
    Proof,
    SeeRA,
    Welcome,
)
from kiosk.storage.models import AssistanceRow, PendingRow
from kiosk.storage.trail import AuditRow
from tests.stories.conftest import OpenWorld, with_ann
from tests.stories.plots import (
    NEW_PIN,
    block,
    changing_email,
    changing_questions,
    proving,
    unlocking,
)
from tests.stories.script import see
from tests.stories.world import PIN, RA_EMAIL, World, in_order, twice, wrong

LEAVES = Gone.CARD_OUT
OTHERS = {"first-pet": "Biscuit", "dream-job": "Pilot", "first-film": "Dumbo", "first-meal": "Omelette"}


async def begin_to_forget(world: World) -> None:
    """Ann answers her questions, a code is mailed, and she leaves."""
    world.hands.forward(minutes=2)
    lines = [see(Welcome, Offer.FORGOTTEN), see(AnswerQuestions, in_order), see(EnterCode, LEAVES)]
    await world.visit(world.ann, lines)


async def test_a_code_to_the_old_address_ends_with_the_address(registered: World) -> None:
    """Somebody with the old mailbox, one of the cards and its passcode has asked for a code."""
    world = registered
    other = await world.card()
    world.hands.forward(minutes=2)
    lines = [*proving(Offer.CHANGE_DETAILS, by=Proof.EMAIL_CODE), see(EnterCode, LEAVES)]
    await world.visit(world.ann, lines)
    world.hands.forward(minutes=2)
    await world.visit(other, changing_email(world, "ann.new@gov.uk"))
    assert await world.rows(PendingRow) == []
    world.hands.forward(minutes=2)
    mails = len(world.post.mails)
    await world.visit(world.ann, [see(Welcome, LEAVES)])
    assert len(world.post.mails) == mails


async def test_an_unlock_code_to_the_old_address_ends_with_the_address(registered: World) -> None:
    world = registered
    other = await world.card()
    await begin_to_forget(world)
    world.hands.forward(minutes=2)
    await world.visit(other, changing_email(world, "ann.new@gov.uk"))
    world.hands.forward(minutes=2)
    lines = [see(Welcome, Offer.FORGOTTEN), see(AnswerQuestions, in_order), see(EnterCode, LEAVES)]
    await world.visit(world.ann, lines)
    assert world.post.mails[-1][0] == "ann.new@gov.uk"


async def test_a_code_is_not_mailed_to_an_address_that_was_replaced_within_the_visit(
    registered: World, open_world: OpenWorld
) -> None:
    """The visit knows the old address only; a second sending would go there."""
    world = registered
    second = await world.card()
    other = await open_world(beside=world)
    world.hands.forward(minutes=2)

    async def moved(_: EnterCode) -> CodeChoice:
        world.hands.forward(minutes=2)
        await other.visit(second, changing_email(other, "ann.new@gov.uk"))
        world.hands.forward(minutes=2)
        return CodeChoice.SEND_AGAIN

    lines = [see(Welcome, Offer.FORGOTTEN), see(AnswerQuestions, in_order), see(EnterCode, moved)]
    await world.visit(world.ann, [*lines, see(SeeRA, why=Why.PROOF_EXPIRED)])
    codes = [to for to, mail in world.post.mails if "code" in mail["Subject"].lower()]
    assert codes[-1] == "ann.new@gov.uk"
    assert codes.count(RA_EMAIL) == 2, "of the registration, and the one before the address was replaced"


async def test_answers_that_were_replaced_prove_nothing_any_more(registered: World) -> None:
    world = registered
    other = await world.card()
    await begin_to_forget(world)
    await world.visit(other, changing_questions(OTHERS))
    assert await world.rows(PendingRow) == []
    world.hands.forward(minutes=2)
    new = see(AnswerQuestions, lambda step: in_order(step, OTHERS))
    await world.visit(world.ann, [see(Welcome, Offer.FORGOTTEN), new, *unlocking(world)[1:]])
    assert world.ann.state().pin == NEW_PIN


async def test_an_assistance_code_is_not_revived_by_a_clock_that_goes_back(registered: World) -> None:
    """It has run out; then the clock shows a time at which it had not, and is accepted as it is."""
    world = registered
    await block(world, world.ann)
    await world.office.service.assistance.issue(
        await world.known(world.ann), by="officer", reason="spoke to them"
    )
    issued = world.hands.wall
    world.hands.forward(minutes=90)
    world.hands.wall = issued + timedelta(minutes=30)
    last = max(row.at for row in await world.rows(AuditRow))
    assert not world.service.store.clock.is_believable(last)
    await world.service.pendings.void_all()
    world.service.store.clock.accept()
    assert world.service.store.clock.is_believable(last)
    assert not (await world.known(world.ann)).assistance
    assert await world.rows(AssistanceRow) == []


async def test_a_new_address_is_confirmed_within_the_time_its_proofs_count(registered: World) -> None:
    """However often a new code is asked for in between."""
    world = registered
    world.hands.forward(minutes=2)
    (*lines, _, _) = changing_email(world, "ann.new@gov.uk")
    await world.visit(world.ann, [*lines, see(EnterCode, LEAVES)])
    for _ in range(2):
        world.hands.forward(minutes=14)
        again = [see(EnterPasscode, PIN), see(EnterCode, CodeChoice.SEND_AGAIN), see(EnterCode, LEAVES)]
        await world.visit(world.ann, again)
    world.hands.forward(minutes=4)
    late = see(EnterCode, lambda _: world.post.code())
    await world.visit(world.ann, [see(EnterPasscode, PIN), late, see(SeeRA, why=Why.PROOF_EXPIRED)])
    assert (await world.known(world.ann)).own_email == RA_EMAIL


async def test_an_assistance_code_counts_as_long_as_the_answers_it_stands_for(open_world: OpenWorld) -> None:
    """Also where the site asks an unlock for a mailed code only."""
    world = await with_ann(await open_world(unlock={"proofs": ["email-code"]}))
    (*lines, _) = proving(Offer.WITHDRAW)
    wrongs = [see(AnswerQuestions, wrong) for _ in range(3)]
    await world.visit(world.ann, [*lines, *wrongs, see(SeeRA, why=Why.BLOCKED)])
    known = await world.known(world.ann)
    code = await world.office.service.assistance.issue(known, by="officer", reason="spoke to them")
    world.hands.forward(minutes=2)
    world.ann.lock()

    def dawdle(_: EnterCode) -> CodeChoice:
        world.hands.forward(minutes=14)
        return CodeChoice.SEND_AGAIN

    def late(_: EnterCode) -> str:
        world.hands.forward(minutes=3)
        return world.post.code()

    lines = [see(Welcome, Offer.ASSISTANCE), see(EnterAssistance, code.get_secret_value())]
    codes = [see(EnterCode, dawdle), see(EnterCode, dawdle), see(EnterCode, late)]
    refused = [see(NewPasscode, twice(NEW_PIN)), see(SeeRA, why=Why.PROOF_EXPIRED)]
    await world.visit(world.ann, [*lines, *codes, *refused])
    assert world.ann.state().locked


@pytest.mark.parametrize(("new", "held"), [("thief@gov.uk", True), (RA_EMAIL, False)])
async def test_a_change_of_address_waits_as_a_registration_with_it_does(
    open_world: OpenWorld, new: str, held: bool
) -> None:
    """With a hold an address of one's own unlocks nothing at first; the RA's own does at once."""
    world = await open_world(register={"hold_hours": 24})
    await with_ann(world)
    world.hands.forward(hours=25)
    if not held:
        await world.visit(world.ann, changing_email(world, "ann.new@gov.uk"))
        world.hands.forward(minutes=2)
    await world.visit(world.ann, changing_email(world, new))
    world.ann.lock()
    world.hands.forward(minutes=2)
    usable_from = (await world.known(world.ann)).usable_from
    assert usable_from is not None
    assert (usable_from > world.hands.wall) is held
    if held:
        await world.visit(world.ann, [see(Welcome, LEAVES, offers=(Offer.ASSISTANCE,), note=Why.HOLD)])
        world.hands.forward(hours=24)
    await world.visit(world.ann, unlocking(world))
