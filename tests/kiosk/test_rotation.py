"""The rules of replacing an unblock secret: when it begins, what it may cost, and what is kept meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretBytes

from cardio.card import Card, identify
from cardio.errors import CardError, CardRemoved, OutcomeUnknown, WrongUnblockSecret
from cardio.virtual.openpgp import OpenPgpCard
from cardio.virtual.piv import PivCard
from kiosk.audit import Subject
from kiosk.office.enrolling import new_card
from kiosk.rotation import NotReplaceable
from kiosk.storage.database import StoreUnavailable
from kiosk.storage.models import CardRow, NextSecretRow, UnblockSecretRow
from kiosk.unblock import UnblockNotPossible
from kiosk.vault import VaultError
from tests.stories.cast import ADMIN_PIN, CAST, WITHOUT_CODE, AnyCard, see_card
from tests.stories.conftest import OpenWorld
from tests.stories.world import PUK, World, identity, tries

CHANGE = 0x24
SENDS_SECRETS = (0x20, CHANGE, 0x2C, 0xDA)
WRONG = "11119999"


@pytest.fixture
async def world(open_world: OpenWorld) -> World:
    """A kiosk with a holder."""
    made = await open_world()
    await made.holder()
    return made


@asynccontextmanager
async def opened(world: World, card: AnyCard) -> AsyncIterator[Card]:
    """A session with the card."""
    world.reader.remove()
    world.reader.insert(card)
    async with world.reader.session(world.reader.presence.insertion) as channel:
        yield await identify(channel, world.parts.families)


async def about(world: World) -> Subject:
    known = await world.only_card()
    return Subject(known.holder_key, known.card_key, actor="test")


async def replace(world: World, card: AnyCard, authority: SecretBytes | None = None) -> None:
    """Replace the secret, as after an unlock, or as an officer does."""
    async with opened(world, card) as session:
        known = await world.only_card()
        await world.parts.rotation.replace(session, known, await about(world), authority)


async def settle(world: World, card: AnyCard) -> bool:
    """Find out which secret the card holds."""
    async with opened(world, card) as session:
        return await world.parts.rotation.settle(session, await world.only_card(), await about(world))


async def torn(world: World, *, happened: bool, **card: Any) -> PivCard:
    """A card whose new PUK was lost on its way there, or the answer on its way back."""
    made = await world.card(**card)
    fault = world.reader.faults.lose_reply if happened else world.reader.faults.pull_before
    fault(ins=CHANGE)
    with pytest.raises(OutcomeUnknown):
        await replace(world, made)
    return made


def sent(world: World) -> int:
    """How many commands held a secret."""
    return sum(1 for each in world.reader.faults.trace if each.header[1] in SENDS_SECRETS and each.lc)


async def state(world: World) -> str:
    (row,) = await world.rows(CardRow)
    return row.unblock_state


# -- when it begins -----------------------------------------------------------------------------


@pytest.mark.parametrize("left", [0, 1, 2])
async def test_it_begins_with_three_tries_or_not_at_all(world: World, left: int) -> None:
    card = await world.card(puk_tries_left=left)
    with pytest.raises(NotReplaceable, match=f"has {left} tries left"):
        await replace(world, card)
    assert (sent(world), await world.rows(NextSecretRow)) == (0, [])


async def test_it_does_not_begin_where_the_tries_are_not_told(world: World) -> None:
    card = await world.card(metadata=False)
    with pytest.raises(NotReplaceable, match="does not tell"):
        await replace(world, card)
    assert (sent(world), await world.rows(NextSecretRow)) == (0, [])


@pytest.mark.parametrize("secret", [None, "4821507", "482150777"])
async def test_a_secret_that_is_none_or_no_puk_is_never_sent(world: World, secret: str | None) -> None:
    card = await world.card(secret=secret)
    with pytest.raises(NotReplaceable, match="no unblock secret is kept"):
        await replace(world, card)
    with pytest.raises(UnblockNotPossible):
        await world.parts.rotation.plan(await world.only_card(), await about(world), 3)
    assert (sent(world), await world.rows(NextSecretRow)) == (0, [])


async def test_a_new_secret_is_the_cards_and_the_only_one_kept(world: World) -> None:
    card = await world.card()
    await replace(world, card)
    (secret,) = await world.secrets()
    assert secret.get_secret_value().decode() == card.state().puk != PUK
    (row,) = await world.rows(CardRow)
    assert row.secret_proven
    (event,) = await world.events("unblock-secret.replaced")
    assert event.outcome == "ok"


async def test_two_replacements_are_never_under_way(world: World) -> None:
    card = await torn(world, happened=False)
    with pytest.raises(NotReplaceable, match="not known yet"):
        await replace(world, card)
    assert len(await world.secrets()) == 2


# -- what is kept, and what it costs ------------------------------------------------------------


@pytest.mark.parametrize("happened", [True, False])
async def test_both_are_kept_until_the_card_has_said_which_it_holds(world: World, happened: bool) -> None:
    card = await torn(world, happened=happened)
    present, following = [secret.get_secret_value().decode() for secret in await world.secrets()]
    assert present == PUK != following
    assert card.state().puk == (following if happened else present)
    assert await settle(world, card) is happened
    (secret,) = await world.secrets()
    assert secret.get_secret_value().decode() == card.state().puk
    assert card.state().puk_tries_left == 3
    assert await state(world) == "usable"


async def test_the_refused_one_too_until_the_other_is_proven(world: World) -> None:
    card = await torn(world, happened=False)
    world.reader.faults.pull_before(2, ins=CHANGE)
    with pytest.raises(CardRemoved):
        await settle(world, card)
    assert card.state().puk_tries_left == 2
    assert len(await world.secrets()) == 2
    assert not await settle(world, card)
    assert sent(world) == 2, "the refused one is not sent again"
    assert (len(await world.secrets()), card.state().puk_tries_left) == (1, 3)


async def test_finding_out_never_uses_the_last_try(world: World) -> None:
    card = await torn(world, happened=False)
    before = sent(world)
    tries(card, puk=1)
    assert not await settle(world, card)
    assert (sent(world) - before, card.state().puk_tries_left) == (0, 1)
    tries(card, puk=2)
    assert not await settle(world, card)
    assert (sent(world) - before, card.state().puk_tries_left) == (0, 2), "fewer than before: it was refused"


async def test_with_two_tries_one_question_is_asked_and_no_second(world: World) -> None:
    card = await torn(world, happened=False)
    async with world.office.service.store.work() as session:
        (row,) = await world.rows(NextSecretRow)
        row.tries_before = 2
        await session.merge(row)
    tries(card, puk=2)
    before = sent(world)
    assert not await settle(world, card)
    assert (sent(world) - before, card.state().puk_tries_left) == (1, 1)


async def test_a_card_that_holds_neither_is_asked_twice_and_never_again(world: World) -> None:
    card = await world.card(puk=WRONG, secret=PUK, tries=5)
    world.reader.faults.pull_before(ins=CHANGE)
    with pytest.raises(OutcomeUnknown):
        await replace(world, card)
    for _ in range(3):
        await settle(world, card)
        assert (await state(world), card.state().puk_tries_left) == ("failed", 3)
    assert len(await world.events("unblock-secret.failed")) == 1
    await world.parts.enrolment.clear_secret(identity(card), by="ra", reason="looked, and sure of it")
    await settle(world, card)
    assert card.state().puk_tries_left == 1, "both are asked about anew"


# -- a secret that was refused ------------------------------------------------------------------


async def test_a_refused_secret_is_not_sent_again_until_somebody_has_looked(world: World) -> None:
    card = await world.card(secret=WRONG, tries=5)
    with pytest.raises(WrongUnblockSecret):
        await replace(world, card)
    assert (await state(world), card.state().puk_tries_left) == ("failed", 4)
    for _ in range(2):
        with pytest.raises(NotReplaceable):
            await replace(world, card)
    assert card.state().puk_tries_left == 4
    await world.parts.enrolment.clear_secret(identity(card), by="ra", reason="looked at it, T-4711")
    (cleared,) = await world.events("unblock-secret.cleared")
    assert (cleared.actor, cleared.reason) == ("ra", "looked at it, T-4711")
    with pytest.raises(WrongUnblockSecret):
        await replace(world, card)
    assert card.state().puk_tries_left == 3


async def test_clearing_forgets_what_was_found_out_about_a_replacement(world: World) -> None:
    card = await torn(world, happened=True)
    tries(card, puk=2)
    await settle(world, card)
    assert await state(world) == "failed", "somebody else spent a try, which looks like a refusal"
    await world.parts.enrolment.clear_secret(identity(card), by="ra", reason="tries spent elsewhere")
    assert await settle(world, card)
    (secret,) = await world.secrets()
    assert secret.get_secret_value().decode() == card.state().puk


# -- after an unlock ----------------------------------------------------------------------------


class Grumpy:
    """A card that fails as it is told to."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def unblock_tries_left(self) -> int:
        raise self._error


@pytest.mark.parametrize(
    "error",
    [CardRemoved(), CardError(sw=0x6F00), VaultError("x"), StoreUnavailable("x"), NotReplaceable("x")],
)
async def test_what_goes_wrong_after_an_unlock_is_not_the_holders_trouble(
    open_world: OpenWorld,
    error: Exception,
) -> None:
    world = await open_world(cards={"piv": {"rotate": True}})
    await world.holder()
    await world.card()
    card: Any = Grumpy(error)
    known, subject = await world.only_card(), await about(world)
    await world.parts.rotation.after_use(card, known, subject, SecretBytes(PUK.encode()), proven=True)
    with pytest.raises(type(error)):
        await world.parts.rotation.replace(card, known, subject)
    assert len(await world.rows(UnblockSecretRow)) == 1


@pytest.mark.parametrize(
    ("table", "proven", "replaced"),
    [
        ({}, True, False),
        ({}, False, True),
        ({"rotate": True}, True, True),
        ({"card_authentication": "off"}, False, False),
    ],
)
async def test_it_is_replaced_where_the_site_wants_it_or_the_card_was_only_believed(
    open_world: OpenWorld,
    table: dict[str, Any],
    proven: bool,
    replaced: bool,
) -> None:
    world = await open_world(cards={"piv": table})
    await world.holder()
    card = await world.card()
    async with opened(world, card) as session:
        known, subject = await world.only_card(), await about(world)
        await world.parts.rotation.after_use(
            session, known, subject, SecretBytes(PUK.encode()), proven=proven
        )
    assert (card.state().puk != PUK) is replaced


# -- by what sets it: an OpenPGP card's admin PIN -----------------------------------------------


async def openpgp(
    open_world: OpenWorld, role: Any, secret: SecretBytes | None = None
) -> tuple[World, OpenPgpCard]:
    """An OpenPGP card with what is kept for it."""
    world = await open_world(**role.sections)
    await world.holder()
    card = role.make()
    seen = await see_card(world, card)
    await world.parts.enrolment.enrol("H1", new_card(seen, secret), by="test")
    return world, card


async def test_an_admin_pin_that_is_wrong_marks_nothing_of_the_code(open_world: OpenWorld) -> None:
    world, card = await openpgp(open_world, CAST["openpgp"])
    with pytest.raises(WrongUnblockSecret):
        await replace(world, card, SecretBytes(b"99999999"))
    assert (await state(world), await world.rows(NextSecretRow)) == ("usable", [])
    assert card.state().admin_tries_left == 2
    with pytest.raises(NotReplaceable, match="has 2 tries left"):
        await replace(world, card, SecretBytes(ADMIN_PIN.encode()))


@pytest.mark.parametrize("happened", [True, False])
async def test_tries_where_there_were_none_tell_that_a_code_was_set(
    open_world: OpenWorld,
    happened: bool,
) -> None:
    world, card = await openpgp(open_world, WITHOUT_CODE)
    fault = world.reader.faults.lose_reply if happened else world.reader.faults.pull_before
    fault(ins=0xDA)
    with pytest.raises(OutcomeUnknown):
        await replace(world, card, SecretBytes(ADMIN_PIN.encode()))
    assert await settle(world, card) is happened
    assert len(await world.secrets()) == happened


async def test_a_kept_code_that_can_be_none_is_not_sent_beside_a_new_one(open_world: OpenWorld) -> None:
    world, card = await openpgp(open_world, CAST["openpgp"], SecretBytes(b"1234567"))
    world.reader.faults.pull_before(ins=0xDA)
    with pytest.raises(OutcomeUnknown):
        await replace(world, card, SecretBytes(ADMIN_PIN.encode()))
    unfit, fresh = await world.secrets()
    plan = await world.parts.rotation.plan(await world.only_card(), await about(world), 3)
    assert plan.secrets == (fresh,)
    assert unfit not in plan.secrets
