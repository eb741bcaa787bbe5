"""Cards that lie about what they did: nobody is told it worked, and no try of a secret is wasted."""

from __future__ import annotations

import pytest

from cardio.apdu import Command
from cardio.card import PasscodeFormat
from cardio.virtual.piv import PivCard
from kiosk.dialogue import Gone
from kiosk.refusals import PasscodeRule, Why
from kiosk.steps import (
    ConfirmEmail,
    Ending,
    EnterCode,
    EnterPasscode,
    Finished,
    NewPasscode,
    Offer,
    Privacy,
    Purpose,
    SeeRA,
    SetQuestions,
    Welcome,
)
from kiosk.storage.models import CardRow, CardWriteRow, UnblockState
from kiosk.visit import Sight, Visit
from tests.stories.conftest import OpenWorld, with_ann
from tests.stories.plots import NEW_PIN, changing_passcode, unlocking
from tests.stories.script import See, see
from tests.stories.shims import CHANGE, RESET, VERIFY, Shim
from tests.stories.world import RA_EMAIL, World, answered, tries

LEAVES = Gone.CARD_OUT
REFUSED = 0x6A80  # incorrect data: some cards mean the new passcode, and some count a try of the PUK
NO_UNBLOCK = see(SeeRA, why=Why.NO_UNBLOCK)


@pytest.mark.parametrize("status", [0x6985, 0x6A80, 0x6982, 0x63C2, 0x9000])
async def test_a_card_that_says_done_and_is_not(registered: World, status: int) -> None:
    """Refusing the new passcode, or taking it while it says that it is locked: nobody is told it worked."""
    world = registered
    await world.visit(world.ann, [see(Welcome, LEAVES)])
    world.ann.lock()
    world.hands.forward(minutes=2)

    def answer(command: Command) -> int | None:
        if command.ins == RESET:
            return 0x9000
        return status if command.ins == VERIFY else None

    lines = [*unlocking(world)[:3], see(SeeRA, why=Why.PUT_BACK)]
    await world.visit(Shim(world.ann, answer), lines)
    assert world.ann.state().locked
    (write,) = await world.rows(CardWriteRow)
    assert write.state == "unknown"
    assert await world.events("card.unlocked") == []
    assert "Your smartcard was unlocked" not in str(await world.notices())


async def without_tries(world: World) -> World:
    """Ann, registered, with a locked card that does not tell the tries of its PUK."""
    await with_ann(world, metadata=False)
    world.ann.lock()
    world.hands.forward(minutes=2)
    return world


def burning(card: PivCard) -> Shim:
    """The card as one that counts a try of its PUK, and blames the new passcode."""

    def answer(command: Command) -> int | None:
        if command.ins != RESET:
            return None
        tries(card, puk=card.state().puk_tries_left - 1)
        return REFUSED

    return Shim(card, answer)


async def test_one_refusal_that_may_have_cost_a_try_marks_the_secret(world: World) -> None:
    """Whatever the card's word for it is: nobody can tell, so it is not sent again."""
    await without_tries(world)
    card = burning(world.ann)
    world.hands.forward(minutes=31)
    await world.visit(card, [*unlocking(world)[:3], NO_UNBLOCK])
    for _ in range(2):
        world.hands.forward(minutes=31)
        await world.visit(card, [NO_UNBLOCK])
    assert card.sent.count(RESET) == 1
    assert world.ann.state().puk_tries_left == 2
    (event,) = await world.events("unblock-secret.failed")
    assert event.outcome == "alarm"


async def test_a_refusal_that_is_seen_to_have_cost_a_try_marks_the_secret(registered: World) -> None:
    world = registered
    world.ann.lock()
    card = burning(world.ann)
    world.hands.forward(minutes=2)
    await world.visit(card, [*unlocking(world)[:3], NO_UNBLOCK])
    assert world.ann.state().puk_tries_left == 2
    assert [row.unblock_state for row in await world.rows(CardRow)] == [UnblockState.FAILED.value]


async def test_where_the_card_tells_its_tries_another_passcode_may_be_chosen(registered: World) -> None:
    """The refusal was seen to cost nothing that must be kept back."""
    world = registered
    world.ann.lock()
    world.hands.forward(minutes=2)
    card = Shim(world.ann, lambda command: REFUSED if command.ins == RESET else None)
    told = see(NewPasscode, LEAVES, refusal=PasscodeRule.CARD)
    await world.visit(card, [*unlocking(world)[:3], told])
    assert world.ann.state().puk_tries_left == 3


async def test_changes_of_passcode_that_were_cut_off_do_not_blame_the_unblock_secret(world: World) -> None:
    """Only what was sent with the secret itself says anything of it."""
    await with_ann(world, metadata=False)
    for _ in range(3):
        world.reader.faults.pull_before(ins=CHANGE)
        (menu, passcode, new, _) = changing_passcode()
        await world.visit(world.ann, [menu, passcode, new, see(SeeRA, why=Why.PUT_BACK)])
        settled = [
            see(EnterPasscode, "000111", purpose=Purpose.SETTLE),
            see(Finished, ending=Ending.OLD_PASSCODE),
            see(Welcome, LEAVES),
        ]
        await world.visit(world.ann, settled)
        tries(world.ann, pin=3)
    world.ann.lock()
    world.hands.forward(minutes=2)
    world.reader.faults.pull_before(ins=RESET)
    await world.visit(world.ann, [*unlocking(world)[:3], see(SeeRA, why=Why.PUT_BACK)])
    world.hands.forward(minutes=2)
    await world.visit(world.ann, unlocking(world))
    assert world.ann.state().pin == NEW_PIN
    assert await world.events("unblock-secret.failed") == []


async def test_a_write_that_was_settled_stays_settled(registered: World) -> None:
    """The kiosk that lost the answer comes last, after another has asked the card."""
    world = registered
    known = await world.known(world.ann)
    sight = Sight(known.id, 0, 3, PasscodeFormat(), None)
    visit = Visit("K7F-9TR", 1, known, sight)
    journal = world.service.journal
    write = await journal.begin(visit, Purpose.CHANGE_PASSCODE, "en", was_locked=True)
    await journal.done(visit, write, Purpose.CHANGE_PASSCODE, "en")
    await journal.told(write)
    await journal.unknown(visit, write)
    assert (await world.known(world.ann)).open_write is None
    (row,) = await world.rows(CardWriteRow)
    assert row.state == "done"
    await journal.done(visit, write, Purpose.CHANGE_PASSCODE, "en")
    assert len(await world.events("card.passcode-changed")) == 1


def accepting(card: PivCard) -> Shim:
    """A shim that takes any passcode in the card's place; the card still signs."""
    return Shim(card, lambda command: 0x9000 if command.ins == VERIFY else None)


def registering(*rest: See) -> list[See]:
    """A registration of a card whose passcode is not known, up to the address."""
    return [
        see(Welcome, Offer.REGISTER),
        see(Privacy),
        see(EnterPasscode, "000000"),
        see(SetQuestions, answered()),
        *rest,
    ]


async def test_a_found_card_is_not_taken_over_where_addresses_are_the_ras(open_world: OpenWorld) -> None:
    """The card proof does not say who has checked the passcode; the mailbox does."""
    world = await open_world(register={"overwrite_email": False})
    await world.holder()
    card = accepting(await world.card())
    lines = registering(see(ConfirmEmail, "thief@gov.uk", may_overwrite=False), see(ConfirmEmail, None))
    await world.visit(card, [*lines, see(EnterCode, LEAVES)])
    assert [to for to, _ in world.post.mails] == [RA_EMAIL]


async def test_a_found_card_is_not_taken_over_while_a_hold_lasts(open_world: OpenWorld) -> None:
    """And the holder is told at the address that the RA knows."""
    world = await open_world(register={"hold_hours": 48})
    await world.holder()
    card = accepting(await world.card())
    lines = registering(see(ConfirmEmail, "thief@gov.uk"), see(EnterCode, lambda _: world.post.code()))
    await world.visit(card, [*lines, see(Finished, ending=Ending.REGISTERED)])
    world.hands.forward(hours=47)
    offers = (Offer.CHANGE_PASSCODE, Offer.CHANGE_DETAILS, Offer.WITHDRAW)
    await world.visit(card, [see(Welcome, LEAVES, offers=offers, note=Why.HOLD)])
    assert any(told.startswith(f"{RA_EMAIL}: ") for told in await world.notices())
