"""A card at the officer's desk that shows another key than the one pinned for it: a copy, or made anew."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import SecretBytes
from sqlmodel import SQLModel

from cardio.apdu import Command, Response
from cardio.errors import NotGenuine
from cardio.virtual.openpgp import OpenPgpCard
from cardio.virtual.piv import PivCard
from kiosk.enrolment import Change, EnrolmentError, NewCard
from kiosk.keyring import ring_in_memory
from kiosk.office import enrolling, equipping, office
from kiosk.storage.models import CardRow, NextSecretRow
from tests.stories.cast import CAST, AnyCard, see_card
from tests.stories.conftest import OpenWorld, with_ann
from tests.stories.world import PEPPER, PUK, VAULT_KEY, World, identity

COPY = "it may be a copy; if the card was given a new key, --replace-key"


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = ring_in_memory(VAULT_KEY, PEPPER)
    monkeypatch.setattr(office, "key_ring", lambda _: keys)


async def enrol(world: World, card: AnyCard, secret: str = PUK, **options: Any) -> Change:
    """As `kiosk card enrol` does it, without --fresh."""
    seen = await see_card(world, card)
    given = SecretBytes(secret.encode())
    settings = world.settings
    return await enrolling.enrol(settings, "H1", seen, given, by="officer", **options)


async def set_fresh(world: World, card: AnyCard, secret: str = PUK, **options: Any) -> equipping.Equipped:
    """As `kiosk card enrol --fresh` does it."""
    seen = await see_card(world, card)
    world.reader.insert(card)
    given, settings = SecretBytes(secret.encode()), world.settings
    return await equipping.equip(
        settings, world.reader, lambda _: None, "H1", seen, given, fresh=True, by="officer", **options
    )


async def row(world: World) -> CardRow:
    (found,) = await world.rows(CardRow)
    return found


@pytest.mark.parametrize("key", [{}, {"card_key": None}], ids=["another key", "no key"])
@pytest.mark.parametrize("order", [enrol, set_fresh])
async def test_a_copy_is_not_pinned_and_sent_nothing(world: World, key: dict[str, Any], order: Any) -> None:
    await with_ann(world)
    copy = PivCard(guid=world.ann.guid, pin="000000", puk=PUK, **key)
    with pytest.raises(EnrolmentError, match=COPY):
        await order(world, copy)
    assert (await row(world)).public_key == world.ann.card_key_der
    (alarm,) = await world.events("card.not-genuine")
    assert (alarm.outcome, alarm.actor, alarm.card_key) == ("alarm", "officer", (await row(world)).audit_key)
    assert copy.state().puk == PUK
    assert not [each for each in world.reader.faults.trace if each.header[1] == 0x24]


@pytest.mark.parametrize("order", [enrol, set_fresh])
async def test_a_card_that_was_given_a_new_key_is_pinned_anew_on_demand(world: World, order: Any) -> None:
    await with_ann(world)
    anew = PivCard(guid=world.ann.guid, puk=PUK)
    await order(world, anew, replace_key=True)
    assert (await row(world)).public_key == anew.card_key_der
    detail = json.loads((await world.events("card.enrolled"))[1].detail)
    assert (detail["key_replaced"], detail["pinned"]) == (True, True)
    assert await world.events("card.not-genuine") == []


async def test_replacing_forgets_the_key_that_the_card_has_no_longer(world: World) -> None:
    await with_ann(world)
    bare = PivCard(guid=world.ann.guid, puk=PUK, card_key=None, sign_in=None)
    assert await enrol(world, bare, replace_key=True) is Change.RENEWED
    assert ((await row(world)).public_key, (await row(world)).passcode_key) == (None, None)


async def test_the_same_card_again_is_no_alarm(world: World) -> None:
    await with_ann(world)
    assert await enrol(world, world.ann) is Change.UNCHANGED
    assert (await set_fresh(world, world.ann)).fresh is equipping.Fresh.SET
    assert await world.events("card.not-genuine") == []


async def test_a_key_that_signs_after_the_passcode_is_held_to_its_pin_too(open_world: OpenWorld) -> None:
    role = CAST["openpgp"]
    world = await open_world(**role.sections)
    await world.holder()
    card = await role.enrolled(world)
    assert isinstance(card, OpenPgpCard)
    other = role.make()
    assert isinstance(other, OpenPgpCard)
    pinned = (await row(world)).passcode_key
    card._keys = other._keys
    with pytest.raises(EnrolmentError, match=COPY):
        await enrol(world, card, role.secret.decode())
    assert (await row(world)).passcode_key == pinned
    assert len(await world.events("card.not-genuine")) == 1
    await enrol(world, card, role.secret.decode(), replace_key=True)
    assert (await row(world)).passcode_key not in (None, pinned)


async def test_a_copy_that_is_put_in_after_the_card_was_read_proves_nothing(world: World) -> None:
    await with_ann(world)
    seen = await see_card(world, world.ann)
    world.reader.insert(PivCard(guid=world.ann.guid, puk=PUK))
    settings, given = world.settings, SecretBytes(PUK.encode())
    with pytest.raises(NotGenuine):
        await equipping.equip(
            settings, world.reader, lambda _: None, "H1", seen, given, fresh=True, by="officer"
        )


async def test_an_import_may_pin_another_key(world: World) -> None:
    await with_ann(world)
    key = PivCard().card_key_der
    new = NewCard(identity(world.ann), None, key)
    await world.parts.enrolment.enrol("H1", new, by="roll")
    assert (await row(world)).public_key == key


@pytest.mark.parametrize("what", [NextSecretRow, CardRow])
async def test_a_fresh_secret_that_somebody_removed_meanwhile_is_not_told_as_set(
    world: World, what: type[SQLModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card has it, and the vault has not."""
    await world.holder()
    card = await world.card()
    replace = PivCard.process

    def removed(this: PivCard, command: Command) -> Response:
        answer = replace(this, command)
        if command.ins == 0x24 and this.state().puk != PUK:
            world.change(f"DELETE FROM {what.__tablename__}")  # noqa: S608 - a table of ours
        return answer

    monkeypatch.setattr(PivCard, "process", removed)
    with pytest.raises(EnrolmentError, match="the vault may not have the PUK that the card has now"):
        await set_fresh(world, card)
    assert card.state().puk != PUK
    assert await world.events("unblock-secret.replaced") == []
