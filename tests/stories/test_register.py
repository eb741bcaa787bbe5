"""Register: every rule that a registration can break, and what is kept of one."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from kiosk.dialogue import Gone
from kiosk.refusals import AnswerRule, CodeRefusal, EmailRule, Why
from kiosk.steps import (
    Answered,
    AnswerQuestions,
    CodeChoice,
    ConfirmEmail,
    EnterCode,
    EnterPasscode,
    LastTry,
    Offer,
    Privacy,
    SeeRA,
    SetQuestions,
    Welcome,
)
from kiosk.storage.models import NoticeRow, PendingRow, RegistrationRow, SecurityAnswerRow
from tests.stories.conftest import OpenWorld
from tests.stories.plots import register, registration
from tests.stories.script import Script, See, see
from tests.stories.world import ANSWERS, PIN, RA_EMAIL, World, answered, tries

OWN = "ann@trust.nhs.net"


async def test_what_is_kept_of_a_registration(world: World) -> None:
    await world.holder()
    card = await world.card()
    await register(world, card)
    (row,) = await world.rows(RegistrationRow)
    assert (row.own_email, row.privacy_version) == (False, "1")
    assert (await world.known(card)).own_email == RA_EMAIL
    answers = await world.rows(SecurityAnswerRow)
    assert [each.question for each in answers] == list(ANSWERS)
    assert len({each.hash for each in answers}) == 4
    assert await world.rows(PendingRow) == []
    assert [to for to, _ in world.post.mails] == [RA_EMAIL]
    assert await world.notices() == [
        f"{RA_EMAIL}: Your code from Smartcard self-service",
        f"{RA_EMAIL}: You are registered for self-service",
    ]


async def test_the_privacy_text_is_the_sites_and_its_version_is_recorded(open_world: OpenWorld) -> None:
    world = await open_world(privacy={"version": "7", "text": "Ours.", "text_cy": "Ein hun."})
    await world.holder()
    (welcome, _, *rest) = registration(world)
    privacy = see(Privacy, texts={"en": "Ours.", "cy": "Ein hun."})
    await world.visit(await world.card(), [welcome, privacy, *rest])
    (row,) = await world.rows(RegistrationRow)
    assert row.privacy_version == "7"


async def test_an_address_of_ones_own_is_told_to_the_ras(world: World) -> None:
    await world.holder()
    card = await world.card()
    await register(world, card, email=OWN.upper())
    assert (await world.known(card)).email == OWN
    assert set(await world.notices()) == {
        f"{OWN}: Your code from Smartcard self-service",
        f"{OWN}: You are registered for self-service",
        f"{RA_EMAIL}: Another email address was registered for your smartcard",
    }
    (event,) = await world.events("registration.completed")
    assert '"own_email": true' in event.detail, "for the officers' report"


async def test_the_ras_address_may_be_the_only_one(open_world: OpenWorld) -> None:
    world = await open_world(register={"overwrite_email": False})
    await world.holder()
    await world.holder("H2", "Bo Li", email="")
    (*first, _, code, finished) = registration(world)
    lines = [
        *first,
        see(ConfirmEmail, OWN, may_overwrite=False, masked="a····s@nhs.net"),
        see(ConfirmEmail, None, may_overwrite=False, refusal=EmailRule.NOT_ONE_ADDRESS, typed=""),
    ]
    await world.visit(await world.card(), [*lines, code, finished])
    alone = [*first, see(ConfirmEmail, OWN, may_overwrite=True, masked=None)]
    await world.visit(await world.card("H2"), [*alone, code, finished])


async def test_an_address_on_file_that_is_no_longer_approved_is_not_offered(open_world: OpenWorld) -> None:
    world = await open_world(email={"domains": ["gov.uk"]})
    await world.holder()
    (*first, _, code, finished) = registration(world)
    lines = [*first, see(ConfirmEmail, "ann@gov.uk", masked=None)]
    await world.visit(await world.card(), [*lines, code, finished])
    strict = await open_world(
        beside=world, email={"domains": ["gov.uk"]}, register={"overwrite_email": False}
    )
    await world.holder("H2", "Bo Li", email="bo.li@nhs.net")
    await strict.visit(await world.card("H2"), [*registration(strict)[:4], see(SeeRA, why=Why.NO_PROOF)])


EMAILS = {
    EmailRule.NOT_ONE_ADDRESS: "a@nhs.net, e@evil.example",
    EmailRule.DOMAIN: "ann@gov.uk.evil.example",
    EmailRule.TOO_LONG: "a" * 65 + "@nhs.net",
}


async def test_every_refusal_of_an_address_keeps_what_was_typed(world: World) -> None:
    await world.holder()
    (*first, _, code, finished) = registration(world)
    lines: list[See] = []
    refusal, typed = None, ""
    for rule, entry in EMAILS.items():
        lines.append(
            see(ConfirmEmail, entry, refusal=refusal, typed=typed, domains=("nhs.net", "gov.uk", "mod.uk"))
        )
        refusal, typed = rule, entry
    lines.append(see(ConfirmEmail, OWN, refusal=refusal, typed=typed))
    await world.visit(await world.card(), [*first, *lines, code, finished])
    assert [to for to, _ in world.post.mails] == [OWN], "nothing went to a refused address"


def altered(**answers: str) -> tuple[Answered, ...]:
    """Ann's answers, some of them others."""
    return answered({**ANSWERS, **{question.replace("_", "-"): text for question, text in answers.items()}})


REPEATED = (*altered()[:3], Answered(question="first-school", answer=SecretStr("Okafor")))
REFUSED: dict[AnswerRule, tuple[Answered, ...]] = {
    AnswerRule.TOO_SHORT: altered(first_manager="!!! x"),
    AnswerRule.TOO_LONG: altered(first_manager="x" * 101),
    AnswerRule.SAME_QUESTION: REPEATED,
    AnswerRule.SAME_ANSWER: altered(first_manager="ROVER."),
    AnswerRule.KEY_WORD: altered(first_manager="My manager"),
    AnswerRule.OWN_NAME: altered(first_manager="Jones"),
    AnswerRule.OWN_ADDRESS: altered(first_manager="Ann.Jones@nhs.net"),
}


async def test_every_refusal_of_an_answer_says_which_row(world: World) -> None:
    assert set(REFUSED) == set(AnswerRule)
    await world.holder()
    (welcome, privacy, passcode, good, *rest) = registration(world)
    lines: list[See] = []
    fields: dict[str, Any] = {"kept": (), "refusals": ()}
    for rule, rows in REFUSED.items():
        lines.append(see(SetQuestions, rows, **fields))
        fields = {"kept": rows, "refusals": (None, None, None, rule)}
    lines.append(see(SetQuestions, good.reply, **fields))
    await world.visit(await world.card(), [welcome, privacy, passcode, *lines, *rest])


async def test_short_true_answers_are_allowed(world: World) -> None:
    await world.holder()
    lines = registration(world)
    lines[3] = see(SetQuestions, altered(first_manager="Li"))
    await world.visit(await world.card(), lines)


async def test_the_passcode_is_checked_by_the_card_and_its_last_try_is_asked_about(world: World) -> None:
    await world.holder()
    card = await world.card()
    (welcome, privacy, _, *rest) = registration(world)
    passcodes = [
        see(EnterPasscode, "58", tries_left=3, code_waits=False),
        see(EnterPasscode, "580000", tries_left=3, too_short=True, wrong=False),
        see(EnterPasscode, "580000", tries_left=2, wrong=True, too_short=False),
        see(LastTry, True),
        see(EnterPasscode, "58", tries_left=1, wrong=True),
        see(EnterPasscode, PIN, tries_left=1, too_short=True),
    ]
    await world.visit(card, [welcome, privacy, *passcodes, *rest])
    assert card.state().pin_tries_left == 3


async def test_whoever_keeps_the_last_try_goes_back_to_the_menu_and_is_asked_again(world: World) -> None:
    await world.holder()
    card = await world.card()
    tries(card, pin=2)
    lines = [
        see(Welcome, Offer.REGISTER),
        see(Privacy),
        see(EnterPasscode, "580000", tries_left=2),
        see(LastTry, False),
        see(Welcome, Offer.CHANGE_PASSCODE),
        see(LastTry, True),
        see(EnterPasscode, "580000", tries_left=1, wrong=False),
        see(SeeRA, why=Why.PASSCODE_LOCKED),
    ]
    await world.visit(card, lines)
    assert card.state().locked


async def test_leaving_at_the_code_and_coming_back(world: World) -> None:
    await world.holder()
    card = await world.card()
    (*first, code, finished) = registration(world)
    await world.visit(card, [*first, see(EnterCode, Gone.CARD_OUT)])
    assert not (await world.known(card)).registered, "nothing is kept before the code was entered"
    assert await world.rows(SecurityAnswerRow) == []
    await world.visit(card, [see(EnterPasscode, PIN, code_waits=True), code, finished])
    assert (await world.known(card)).registered


async def test_the_draft_ends_with_its_code(world: World) -> None:
    await world.holder()
    card = await world.card()
    (*first, _, _) = registration(world)
    await world.visit(card, [*first, see(EnterCode, Gone.CARD_OUT)])
    world.hands.forward(minutes=15)
    await world.visit(card, [see(Welcome, Gone.CARD_OUT)])
    assert await world.rows(PendingRow) == []
    await register(world, card)


async def test_beginning_anew_replaces_the_draft_and_its_code(world: World) -> None:
    """A mistyped address is no dead end: Something else, and Register once more."""
    await world.holder()
    card = await world.card()
    await world.visit(card, [*registration(world, email="typo@nhs.net")[:-2], see(EnterCode, Gone.CARD_OUT)])
    old = world.post.code()
    (*again, code, finished) = registration(world, email=OWN)
    lines = [
        see(EnterPasscode, PIN),
        see(EnterCode, CodeChoice.SOMETHING_ELSE, something_else=True, masked="t····o@nhs.net"),
        *again,
        see(EnterCode, old, refusal=CodeRefusal.VOID, something_else=False, masked="a····n@trust.nhs.net"),
        see(EnterCode, lambda _: after(world, 61), refusal=CodeRefusal.VOID),
        code,
        finished,
    ]
    await world.visit(card, lines)
    assert (await world.known(card)).email == OWN
    card.lock()
    await world.visit(card, [see(AnswerQuestions, Gone.CARD_OUT)])


def after(world: World, seconds: float) -> CodeChoice:
    """Wait, and have the code sent again."""
    world.hands.forward(seconds=seconds)
    return CodeChoice.SEND_AGAIN


async def test_who_is_registered_meanwhile_with_another_card_is_not_registered_again(world: World) -> None:
    await world.holder()
    first, second = await world.card(), await world.card()
    (*lines, _, _) = registration(world, email=OWN)
    await world.visit(second, [*lines, see(EnterCode, Gone.CARD_OUT)])
    world.hands.forward(minutes=2)
    await register(world, first)
    await world.visit(second, [see(Welcome, Gone.CARD_OUT)])
    assert (await world.known(second)).email == RA_EMAIL


async def test_the_language_in_force_at_the_end_is_that_of_the_notices(world: World) -> None:
    await world.holder()
    (*lines, finished) = registration(world)
    script = Script()
    lines[-1] = see(EnterCode, lambda _: switch(script, world.post.code()))
    await world.visit(await world.card(), [*lines, finished], script=script)
    (notice,) = await world.rows(NoticeRow)
    assert notice.language == "cy"


def switch(script: Script, code: str) -> SecretStr:
    """Choose Welsh at the code screen, then enter the code."""
    script.language = "cy"
    return SecretStr(code)
