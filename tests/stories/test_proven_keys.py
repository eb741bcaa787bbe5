"""Keys that prove a card: pinned at the first registration, and asked for every time from then on."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretBytes

from cardio.apdu import Command, Response
from cardio.applets.openpgp_kdf import Password
from cardio.card import CardId
from cardio.virtual.openpgp import OpenPgpCard
from cardio.virtual.piv import PivCard
from kiosk.dialogue import Gone
from kiosk.enrolment import NewCard
from kiosk.refusals import Why
from kiosk.steps import (
    EnterCode,
    EnterPasscode,
    Offer,
    Privacy,
    SeeRA,
    Welcome,
)
from kiosk.storage.models import CardRow, CardWriteRow, HolderRow, PendingRow
from tests.stories.conftest import OpenWorld
from tests.stories.plots import NEW_PIN, changing_passcode, register, registration, unlock, unlocking
from tests.stories.script import see
from tests.stories.world import PIN, World

LEAVES = Gone.CARD_OUT
CODE = "31415926"
SERIAL = 0x00C0FFEE
AUTHENTICATE, INTERNAL_AUTHENTICATE = 0x87, 0x88
REFUSED = see(SeeRA, why=Why.NOT_GENUINE)


async def costs_nothing(world: World, alarms: int = 1) -> None:
    """A copy was there: an alarm, and nothing that its holder would feel."""
    (holder,) = await world.rows(HolderRow)
    (card,) = await world.rows(CardRow)
    assert (holder.attempts, holder.blocked_at, card.unblock_state) == (0, None, "usable")
    found = await world.events("card.not-genuine")
    assert [event.outcome for event in found] == ["alarm"] * alarms


# -- PIV ----------------------------------------------------------------------------------------


async def test_a_first_registration_pins_both_keys_of_a_card(world: World) -> None:
    await world.holder()
    card = await world.card(pinned=False)
    await register(world, card)
    (row,) = await world.rows(CardRow)
    assert (row.public_key, row.passcode_key) == (card.card_key_der, card._keys[0x9A].public_der)
    pinned = await world.events("card.key-pinned")
    assert [event.detail for event in pinned] == ['{"use": "free"}', '{"use": "passcode"}']
    copy = await world.card(enrolled=False, guid=card.guid)
    await world.visit(copy, [REFUSED])
    await costs_nothing(world)


async def test_nothing_is_pinned_before_the_registration_is_complete(world: World) -> None:
    await world.holder()
    card = await world.card(pinned=False)
    await world.visit(card, [*registration(world)[:-2], see(EnterCode, LEAVES)])
    (row,) = await world.rows(CardRow)
    assert (row.public_key, row.passcode_key) == (None, None)
    assert await world.events("card.key-pinned") == []


async def test_a_key_that_is_pinned_already_stays(world: World) -> None:
    await world.holder()
    card = await world.card()
    await register(world, card)
    assert [event.detail for event in await world.events("card.key-pinned")] == ['{"use": "passcode"}']


async def test_a_card_that_shows_a_key_it_does_not_have_pins_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.holder()
    card, other = await world.card(pinned=False), PivCard()
    monkeypatch.setattr(card, "_certificates", other._certificates)
    await register(world, card)
    (row,) = await world.rows(CardRow)
    assert (row.public_key, row.passcode_key) == (None, None)


async def test_off_pins_nothing(open_world: OpenWorld) -> None:
    world = await open_world(cards={"piv": {"card_authentication": "off"}})
    await world.holder()
    await register(world, await world.card(pinned=False))
    (row,) = await world.rows(CardRow)
    assert (row.public_key, row.passcode_key) == (None, None)


class Shim:
    """Sits between reader and card, and says yes to every passcode; the card signs what it will."""

    def __init__(self, patch: pytest.MonkeyPatch, card: PivCard) -> None:
        honest = card.process

        def process(command: Command) -> Response:
            return Response(b"", 0x9000) if command.ins == 0x20 and command.data else honest(command)

        patch.setattr(card, "process", process)


async def test_a_found_card_is_not_registered_by_something_that_says_yes_to_any_passcode(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card itself signs with 9E; what VERIFY answers nobody signs, and so 9A has to."""
    await world.holder()
    card = await world.card()
    new = NewCard(
        CardId("piv", "guid", card.guid.hex().upper()), None, passcode_key=card._keys[0x9A].public_der
    )
    await world.parts.enrolment.enrol("H1", new, by="test")
    Shim(monkeypatch, card)
    lines = [see(Welcome, Offer.REGISTER), see(Privacy), see(EnterPasscode, "000000"), REFUSED]
    await world.visit(card, lines)
    assert await world.rows(PendingRow) == []
    await costs_nothing(world)


async def test_a_piv_card_without_a_free_key_is_believed_until_its_passcode(world: World) -> None:
    """And its PUK, which it was sent while nothing was proven, is another one afterwards."""
    await world.holder()
    card = await world.card(card_key=None)
    await register(world, card)
    card.lock()
    world.hands.forward(minutes=2)
    before = card.state().puk
    await unlock(world, card)
    assert card.state().pin == NEW_PIN
    assert card.state().puk != before
    assert await world.events("unblock-secret.replaced")
    (row,) = await world.rows(CardRow)
    assert (row.unblock_state, row.secret_proven) == ("usable", True)
    card.lock()
    world.hands.forward(minutes=2)
    await unlock(world, card, "840276")
    assert card.state().pin == "840276", "the vault has the new PUK"


async def test_a_copy_without_a_free_key_that_says_yes_to_all_is_found_out_and_not_unlocked(
    world: World,
) -> None:
    await world.holder()
    card = await world.card(card_key=None)
    await register(world, card)
    world.hands.forward(minutes=2)
    copy = await world.card(enrolled=False, guid=card.guid, card_key=None)
    await world.visit(copy, [see(Welcome, Offer.CHANGE_PASSCODE), see(EnterPasscode, PIN), REFUSED])
    assert copy.state().pin == PIN
    await costs_nothing(world)


# -- OpenPGP ------------------------------------------------------------------------------------


def openpgp(**table: Any) -> dict[str, Any]:
    """The settings of a site with OpenPGP cards."""
    return {"cards": {"families": ["openpgp"], "openpgp": table}}


def openpgp_card(**card: Any) -> OpenPgpCard:
    return OpenPgpCard(**{"pin": PIN, "resetting_code": CODE, "serial": SERIAL, **card})


async def enrolled(world: World, card: OpenPgpCard, *, key: bytes | None = None, holder: str = "H1") -> None:
    """Tie the card to a holder."""
    if holder not in {row.holder_id for row in await world.rows(HolderRow)}:
        await world.holder(holder)
    number = card.aid[8:14].hex().upper()
    new = NewCard(CardId("openpgp", "serial", number), SecretBytes(CODE.encode()), passcode_key=key)
    await world.parts.enrolment.enrol(holder, new, by="test")


async def registered(open_world: OpenWorld, **table: Any) -> tuple[World, OpenPgpCard]:
    world, card = await open_world(**openpgp(**table)), openpgp_card()
    await enrolled(world, card)
    await world.visit(card, registration(world))
    world.hands.forward(minutes=2)
    world.reader.faults.trace.clear()
    return world, card


async def test_an_openpgp_card_pins_its_key_when_it_registers_and_proves_it_after_the_passcode(
    open_world: OpenWorld,
) -> None:
    world, card = await registered(open_world)
    (row,) = await world.rows(CardRow)
    assert row.passcode_key == card.authentication_key_der
    await world.visit(card, changing_passcode())
    assert world.reader.faults.count([INTERNAL_AUTHENTICATE]) == 2, "with the present passcode, and the new"


async def test_a_copy_of_an_openpgp_card_changes_nothing(open_world: OpenWorld) -> None:
    world, _ = await registered(open_world)
    copy = openpgp_card()
    await world.visit(copy, [see(Welcome, Offer.CHANGE_PASSCODE), see(EnterPasscode, PIN), REFUSED])
    assert copy.knows(Password.PW1, PIN)
    assert await world.rows(CardWriteRow) == []
    await costs_nothing(world)


async def test_a_copy_of_an_openpgp_card_is_not_registered(open_world: OpenWorld) -> None:
    world, card = await open_world(**openpgp()), openpgp_card()
    await enrolled(world, card, key=card.authentication_key_der)
    lines = [see(Welcome, Offer.REGISTER), see(Privacy), see(EnterPasscode, PIN), REFUSED]
    await world.visit(openpgp_card(), lines)
    assert await world.rows(PendingRow) == []
    await costs_nothing(world)


async def test_a_locked_openpgp_card_gets_its_code_and_proves_itself_right_after(
    open_world: OpenWorld,
) -> None:
    world, card = await registered(open_world)
    card.lock()
    await world.visit(card, unlocking(world))
    assert card.knows(Password.PW1, NEW_PIN)
    (sent, proven) = (world.reader.faults.count([0x2C]), world.reader.faults.count([INTERNAL_AUTHENTICATE]))
    assert (sent, proven) == (1, 1)


async def test_what_was_unlocked_and_is_not_the_card_is_an_alarm_and_its_code_is_burnt(
    open_world: OpenWorld,
) -> None:
    """The code had to be sent before anything could be proven: now something else knows it."""
    world, card = await registered(open_world)
    copy = openpgp_card(pin_tries_left=0)
    await world.visit(copy, [*unlocking(world)[:-1], REFUSED])
    (row,) = await world.rows(CardRow)
    assert row.unblock_state == "failed"
    assert [event.outcome for event in await world.events("card.not-genuine")] == ["alarm"]
    assert await world.events("card.unlocked") == []
    assert [write.state for write in await world.rows(CardWriteRow)] == ["refused"]
    card.lock()
    await world.visit(card, [see(SeeRA, why=Why.NO_UNBLOCK)])


@pytest.mark.parametrize(("rule", "sent"), [("if-possible", False), ("off", True)])
async def test_a_code_that_two_cards_share_goes_to_no_card_that_cannot_prove_itself(
    open_world: OpenWorld, rule: str, sent: bool
) -> None:
    world, card = await registered(open_world, card_authentication=rule)
    await enrolled(world, openpgp_card(serial=SERIAL + 1), holder="H2")
    card.lock()
    await world.visit(card, unlocking(world) if sent else [see(SeeRA, why=Why.NO_UNBLOCK)])
    assert world.reader.faults.count([0x2C]) == int(sent)


async def test_required_registers_a_pinned_openpgp_card_and_never_sends_it_its_code(
    open_world: OpenWorld,
) -> None:
    world, card = await open_world(**openpgp(card_authentication="required")), openpgp_card()
    await enrolled(world, card)
    await world.visit(card, [REFUSED])
    await enrolled(world, card, key=card.authentication_key_der)
    offers = (Offer.CHANGE_PASSCODE,)
    await world.visit(card, [see(Welcome, LEAVES, offers=offers, note=Why.NO_UNBLOCK)])
    card.lock()
    await world.visit(card, [see(SeeRA, why=Why.NO_UNBLOCK)])
    assert world.reader.faults.count([0x2C]) == 0
