"""The officer's desk and the kiosk together: whoever the kiosk could not help ends with a working card."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from kiosk.dialogue import Gone
from kiosk.hold import Hold
from kiosk.refusals import CodeRefusal, Why
from kiosk.staff.account import Role
from kiosk.staff.desk import Act, Deed, Done, Grounds
from kiosk.staff.entry import Leaving
from kiosk.staff.lobby import StaffLobby
from kiosk.staff.rooms.session import StaffSession
from kiosk.staff.wiring import open_lobby
from kiosk.steps import AnswerQuestions, EnterCode, Finished, NewPasscode, Offer, SeeRA, Welcome
from tests.stories.conftest import OpenWorld, with_ann
from tests.stories.plots import NEW_PIN, block, register, unlock
from tests.stories.script import see
from tests.stories.test_assistance import helped
from tests.stories.world import World, in_order, tries, twice

PASSWORD = SecretStr("violet tractor umbrella")
LEAVES = Gone.CARD_OUT
CALLED = "they called, T-5512"
THE_STORY = (
    ("answers.checked", "refused", ""),
    ("answers.checked", "refused", ""),
    ("answers.checked", "refused", ""),
    ("holder.blocked", "ok", ""),
    ("assistance.issued", "ok", "olga"),
    ("staff.signed-out", "ok", "olga"),
    ("assistance.checked", "ok", ""),
    ("code.sent", "ok", ""),
    ("code.checked", "ok", ""),
    ("card.write-begun", "ok", ""),
    ("card.unlocked", "ok", ""),
)
"""Event, outcome and actor, from the first wrong answer to the unlocked card."""


@pytest.fixture
def lobby(world: World) -> StaffLobby:
    """The door of the RA's own machine."""
    return open_lobby(replace(world.office, hold=Hold()), at_kiosk=False)


@pytest.fixture
async def officer(world: World, lobby: StaffLobby) -> AsyncIterator[StaffSession]:
    """Olga, at the RA's own machine, until she leaves."""
    await world.office.accounts.add("olga", Role.OFFICER, PASSWORD, None, by="adam")
    yield await arrive(lobby)
    await lobby.leave(Leaving.ASKED)


async def arrive(lobby: StaffLobby) -> StaffSession:
    """Sign in."""
    assert lobby.enter()
    entered = await lobby.by_password("olga", PASSWORD)
    assert isinstance(entered, StaffSession)
    return entered


async def carry_out(officer: StaffSession, act: Act, **more: str) -> Done:
    """Have something happen to Ann."""
    deed = Deed(act, "H1", email=more.get("email", ""))
    assert (await officer.desk.foresee(deed)).lines
    return await officer.desk.carry_out(deed, Grounds(CALLED, "H1"))


async def test_who_has_failed_three_times_is_found_helped_and_unlocks(
    world: World, lobby: StaffLobby, officer: StaffSession
) -> None:
    await with_ann(world)
    blocked = await block(world, world.ann)
    assert isinstance(blocked.seen[-1], SeeRA)

    (found,) = await officer.desk.find("jones")
    assert found.blocked_at is not None
    page = await officer.desk.page(found.holder_id)
    assert (page.attempts_left, page.blocked_at) == (0, found.blocked_at)
    done = await carry_out(officer, Act.ASSIST)
    assert done.code is not None
    await lobby.leave(Leaving.ASKED)

    world.hands.forward(minutes=2)
    await world.visit(world.ann, helped(world, done.code.get_secret_value()))
    assert world.ann.state().pin == NEW_PIN
    known = await world.known(world.ann)
    assert (known.blocked, known.attempts_left) == (False, 3)

    trail = [event for event in await world.events() if event.event != "notice.sent"]
    after = itertools.dropwhile(lambda event: event.event != "registration.completed", trail)
    told = [(event.event, event.outcome, event.actor) for event in after]
    in_this_order(told, *THE_STORY)
    about = {
        event.holder_key for event in trail if event.event.startswith(("answers", "assistance", "card.unl"))
    }
    assert about == {known.holder_key}, "and all of it is about one person"
    (issued,) = await world.events("assistance.issued")
    assert issued.reason == CALLED


def in_this_order(all_of_it: list[tuple[str, str, str]], *wanted: tuple[str, str, str]) -> None:
    """These are among them, one after the other."""
    rest = iter(all_of_it)
    missing = next((one for one in wanted if one not in rest), None)
    assert missing is None, missing


async def test_a_lost_mailbox_is_no_end_of_the_road(world: World, officer: StaffSession) -> None:
    """Her card is locked, and her registered address is that of a mailbox she has no more."""
    await world.holder()
    world.ann = await world.card()
    await register(world, world.ann, email="ann.home@mod.uk")
    world.ann.lock()
    await world.visit(world.ann, [see(AnswerQuestions, in_order), see(EnterCode, LEAVES)])
    await carry_out(officer, Act.SET_EMAIL, email="ann@gov.uk")
    world.hands.forward(minutes=2)
    await unlock(world, world.ann)
    assert world.ann.state().pin == NEW_PIN
    codes = [to for to, mail in world.post.mails if "code" in str(mail["Subject"])]
    assert codes[-2:] == ["ann.home@mod.uk", "ann@gov.uk"]


async def test_an_address_alone_helps_where_the_site_asks_no_questions(
    open_world: OpenWorld,
) -> None:
    """Nobody has ever registered this card, and it is locked already."""
    world = await open_world(unlock={"proofs": ["email-code"]})
    await world.holder(email="")
    card = await world.card(pin_tries_left=0)
    await world.visit(card, [see(SeeRA, why=Why.PROOF_MISSING)])
    await world.office.accounts.add("olga", Role.OFFICER, PASSWORD, None, by="adam")
    officer = await arrive(open_lobby(replace(world.office, hold=Hold()), at_kiosk=False))
    await carry_out(officer, Act.SET_EMAIL, email="ann@gov.uk")
    await world.visit(
        card,
        [
            see(Welcome, Offer.UNLOCK),
            see(EnterCode, lambda _: world.post.code()),
            see(NewPasscode, twice(NEW_PIN)),
            see(Finished),
        ],
    )
    assert card.state().pin == NEW_PIN


async def test_a_block_that_is_cleared_gives_the_questions_back(world: World, officer: StaffSession) -> None:
    await with_ann(world)
    await block(world, world.ann)
    await carry_out(officer, Act.CLEAR_BLOCK)
    await unlock(world, world.ann)
    assert world.ann.state().pin == NEW_PIN


async def test_who_is_withdrawn_by_the_ra_registers_again(world: World, officer: StaffSession) -> None:
    await with_ann(world)
    await carry_out(officer, Act.WITHDRAW)
    world.ann.lock()
    await world.visit(world.ann, [see(Welcome, LEAVES, offers=(Offer.ASSISTANCE,))])
    tries(world.ann, pin=3)
    world.hands.forward(minutes=2)
    await register(world, world.ann)
    assert (await world.known(world.ann)).registered


async def test_a_code_on_its_way_to_an_old_address_opens_nothing(world: World, officer: StaffSession) -> None:
    """The address is changed while the kiosk asks for the code, which whoever reads the old mail has."""
    await with_ann(world)
    world.ann.lock()

    async def changed(_: EnterCode) -> str:
        await carry_out(officer, Act.SET_EMAIL, email="ann@gov.uk")
        return world.post.code()

    lines = [see(AnswerQuestions, in_order), see(EnterCode, changed)]
    await world.visit(world.ann, [*lines, see(EnterCode, LEAVES, refusal=CodeRefusal.VOID)])
    assert world.ann.state().pin != NEW_PIN
    assert (await world.known(world.ann)).pending == ()
