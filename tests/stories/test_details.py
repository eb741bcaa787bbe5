"""Change passcode, change questions or email, withdraw: the card is not locked."""

from __future__ import annotations

import pytest

from cardio.virtual.piv_quirks import Quirks
from kiosk.dialogue import Gone
from kiosk.refusals import EmailRule, PasscodeRule, Why
from kiosk.steps import (
    AnswerQuestions,
    ChooseDetail,
    ChooseProof,
    ConfirmEmail,
    ConfirmWithdraw,
    EnterCode,
    EnterPasscode,
    LastTry,
    NewPasscode,
    Offer,
    Proof,
    SeeRA,
    SetQuestions,
    Step,
    Welcome,
)
from kiosk.storage.models import PendingRow, RegistrationRow, SecurityAnswerRow
from tests.stories.conftest import OpenWorld, with_ann
from tests.stories.disk import on_disk
from tests.stories.plots import (
    NEW_PIN,
    changing_email,
    changing_passcode,
    changing_questions,
    proving,
    register,
    withdrawing,
)
from tests.stories.script import see
from tests.stories.world import ANSWERS, PIN, RA_EMAIL, World, in_order, tries, twice

LEAVES = Gone.CARD_OUT
OWN = "ann@trust.nhs.net"
OTHERS = {"first-pet": "Biscuit", "dream-job": "Pilot", "first-film": "Dumbo", "first-meal": "Omelette"}


async def test_change_passcode(registered: World) -> None:
    await registered.visit(registered.ann, changing_passcode())
    assert registered.ann.state().pin == NEW_PIN
    assert f"{RA_EMAIL}: Your passcode was changed" in await registered.notices()


async def test_change_passcode_needs_no_registration_and_no_unblock_secret(world: World) -> None:
    await world.holder(email="")
    card = await world.card(secret=None)
    script = await world.visit(card, changing_passcode())
    assert getattr(script.seen[-1], "masked") is None  # noqa: B009 - any Step
    assert await world.notices() == []


async def test_the_new_passcode_must_differ_from_the_present_one(registered: World) -> None:
    lines = changing_passcode()
    lines.insert(2, see(NewPasscode, twice(PIN)))
    lines[3] = see(NewPasscode, twice(NEW_PIN), refusal=PasscodeRule.SAME)
    await registered.visit(registered.ann, lines)


async def test_a_passcode_that_the_card_itself_refuses(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card with a rule of its own that nobody told the kiosk of."""
    await world.holder()
    card = await world.card()
    lines = changing_passcode()
    lines.insert(2, see(NewPasscode, twice("958473")))
    lines[3] = see(NewPasscode, twice(NEW_PIN), refusal=PasscodeRule.CARD)
    monkeypatch.setattr(card, "_well_formed", lambda _, value: not value.startswith(b"958473"))
    await world.visit(card, lines)
    assert card.state().pin == NEW_PIN
    ends = [event.outcome for event in await world.events("card.write-ended")]
    assert ends == ["refused", "ok"]


async def test_wrong_passcodes_lock_the_card_only_after_a_question(registered: World) -> None:
    lines = [
        see(Welcome, Offer.CHANGE_PASSCODE),
        see(EnterPasscode, "958473", tries_left=3),
        see(EnterPasscode, "958473", tries_left=2, wrong=True),
        see(LastTry, True),
        see(EnterPasscode, "958473", tries_left=1, wrong=True),
        see(SeeRA, why=Why.PASSCODE_LOCKED),
    ]
    await registered.visit(registered.ann, lines)
    checks = await registered.events("passcode.checked")
    assert [event.outcome for event in checks[-3:]] == ["refused"] * 3


async def test_the_last_try_can_be_kept(registered: World) -> None:
    tries(registered.ann, pin=1)
    lines = [see(Welcome, Offer.CHANGE_PASSCODE), see(LastTry, False), see(Welcome, LEAVES)]
    await registered.visit(registered.ann, lines)
    assert registered.ann.state().pin_tries_left == 1


@pytest.mark.parametrize("quirks", [Quirks(wrong=0x6300), Quirks(wrong=0x6982), Quirks(locked=0x6984)])
async def test_cards_that_answer_differently(world: World, quirks: Quirks) -> None:
    await world.holder()
    card = await world.card(quirks=quirks)
    lines = changing_passcode()
    lines.insert(1, see(EnterPasscode, "958473"))
    lines[2] = see(EnterPasscode, PIN, wrong=True, tries_left=2)
    await world.visit(card, lines)


async def test_change_questions(registered: World) -> None:
    await registered.visit(registered.ann, changing_questions(OTHERS))
    answers = await registered.rows(SecurityAnswerRow)
    assert [each.question for each in answers] == list(OTHERS)
    assert f"{RA_EMAIL}: Your security questions were changed" in await registered.notices()
    registered.ann.lock()
    registered.hands.forward(minutes=2)
    lines = [see(AnswerQuestions, lambda step: in_order(step, OTHERS)), see(EnterCode, LEAVES)]
    await registered.visit(registered.ann, lines)


async def test_leaving_before_the_end_keeps_the_old_questions(registered: World) -> None:
    lines = changing_questions(OTHERS)[:-2]
    await registered.visit(registered.ann, [*lines, see(SetQuestions, Gone.PATIENCE)])
    assert [each.question for each in await registered.rows(SecurityAnswerRow)] == list(ANSWERS)


async def test_change_email_is_told_to_the_old_and_the_new_address(registered: World) -> None:
    registered.hands.forward(minutes=2)
    await registered.visit(registered.ann, changing_email(registered, OWN))
    assert (await registered.known(registered.ann)).email == OWN
    notices = await registered.notices()
    assert {f"{to}: Your email address was changed" for to in (RA_EMAIL, OWN)} < set(notices)
    (row,) = await registered.rows(RegistrationRow)
    assert row.own_email
    assert "change-email" not in [row.purpose for row in await registered.rows(PendingRow)]


async def test_the_same_address_is_no_change(registered: World) -> None:
    registered.hands.forward(minutes=2)
    lines = changing_email(registered, OWN)
    lines.insert(5, see(ConfirmEmail, RA_EMAIL))
    lines[6] = see(ConfirmEmail, OWN, refusal=EmailRule.SAME, typed=RA_EMAIL)
    await registered.visit(registered.ann, lines)


async def test_only_a_new_address_can_be_given(registered: World) -> None:
    lines = changing_email(registered, OWN)[:5]
    nothing = see(ConfirmEmail, None)
    again = see(ConfirmEmail, LEAVES, refusal=EmailRule.NOT_ONE_ADDRESS)
    await registered.visit(registered.ann, [*lines, nothing, again])


async def test_where_the_ras_address_must_stay_only_the_questions_can_be_changed(
    open_world: OpenWorld,
) -> None:
    world = await with_ann(await open_world(register={"overwrite_email": False}))
    lines = changing_questions(OTHERS)
    del lines[4]
    assert ChooseDetail not in [line.step for line in lines]
    await world.visit(world.ann, lines)


@pytest.mark.parametrize(
    ("offer", "next_step"), [(Offer.CHANGE_DETAILS, ChooseDetail), (Offer.WITHDRAW, ConfirmWithdraw)]
)
async def test_the_second_proof_may_be_a_code(
    registered: World, offer: Offer, next_step: type[Step[object]]
) -> None:
    world = registered
    world.hands.forward(minutes=2)
    both = (Proof.QUESTIONS, Proof.EMAIL_CODE)
    (menu, passcode, _) = proving(offer, by=Proof.EMAIL_CODE)
    choose = see(ChooseProof, Proof.EMAIL_CODE, proofs=both, masked="a····s@nhs.net")
    await world.visit(world.ann, [menu, passcode, choose, see(EnterCode, LEAVES)])
    code = see(EnterCode, lambda _: world.post.code(), something_else=True)
    await world.visit(world.ann, [see(EnterPasscode, PIN), code, see(next_step, LEAVES)])
    menu_again = [menu, passcode, choose, see(EnterCode, LEAVES)]
    world.hands.forward(minutes=2)
    await world.visit(world.ann, menu_again)


async def test_changing_starts_with_a_proof_that_is_given_now(registered: World) -> None:
    """Answers given in an earlier visit do not open a later one's details."""
    lines = [*proving(Offer.CHANGE_DETAILS), see(ChooseDetail, Gone.PATIENCE)]
    await registered.visit(registered.ann, lines)
    await registered.visit(registered.ann, [*proving(Offer.CHANGE_DETAILS), see(ChooseDetail, LEAVES)])


async def test_withdraw_erases_answers_own_address_and_pending_codes(registered: World) -> None:
    world = registered
    other = await world.card(pin_tries_left=0)
    world.hands.forward(minutes=2)
    await world.visit(world.ann, changing_email(world, OWN))
    await world.visit(other, [see(AnswerQuestions, in_order), see(EnterCode, LEAVES)])
    await world.visit(world.ann, withdrawing())
    for table in (RegistrationRow, SecurityAnswerRow, PendingRow):
        assert await world.rows(table) == [], "also what was pending on another card"
    known = await world.known(world.ann)
    assert (known.registered, known.email, known.questions) == (False, RA_EMAIL, ())
    assert f"{OWN}: You have left self-service" in await world.notices()
    assert OWN.encode() not in on_disk(world)


async def test_withdrawing_asks_once_more_and_then_goes_back_to_the_menu(registered: World) -> None:
    lines = [*proving(Offer.WITHDRAW), see(ConfirmWithdraw, False), see(Welcome, LEAVES)]
    await registered.visit(registered.ann, lines)
    assert (await registered.known(registered.ann)).registered


async def test_registering_again_after_withdrawing(registered: World) -> None:
    await registered.visit(registered.ann, withdrawing())
    registered.hands.forward(minutes=2)
    await register(registered, registered.ann)
    assert (await registered.known(registered.ann)).registered
