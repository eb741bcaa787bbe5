"""`kiosk card enrol`, torn at every command: the same command again finds out what is true, and finishes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from pydantic import SecretBytes

from cardio.card import Traits
from cardio.errors import CardIOError
from kiosk.enrolment import EnrolmentError
from kiosk.keyring import ring_in_memory
from kiosk.office import enrolling, equipping, office
from kiosk.storage.models import CardRow
from tests.sampling import sample
from tests.stories.cast import ADMIN_PIN, CAST, WITHOUT_CODE, AnyCard, Role, passcode_tries
from tests.stories.conftest import OpenWorld
from tests.stories.test_torn import FAULTS
from tests.stories.world import PEPPER, VAULT_KEY, World


@dataclass(frozen=True)
class Order:
    """What an officer wants done with a card, and how many commands it takes."""

    role: Role
    fresh: bool
    commands: int

    def __str__(self) -> str:
        return f"{self.role}{'-fresh' if self.fresh else ''}"

    def given(self, traits: Traits) -> SecretBytes:
        """What the officer types: the card's secret, or what sets a fresh one."""
        by_another = self.fresh and not traits.replaceable
        return SecretBytes(ADMIN_PIN.encode() if by_another else self.role.secret)

    async def carry_out(self, world: World) -> None:
        """As the command does, with the card in the reader."""
        settings, reader = world.settings, world.reader
        seen = await enrolling.read_card(settings, reader, _say)
        given = self.given(seen.family.traits)
        if self.fresh:
            await equipping.require_tries(settings, seen)
        if self.fresh or seen.family.traits.mutual:
            await equipping.equip(settings, reader, _say, "H1", seen, given, fresh=self.fresh, by="officer")
        else:
            await enrolling.enrol(settings, "H1", seen, given, by="officer")


def _say(message: str) -> None:
    raise AssertionError(message)  # the card is in


COMMANDS = {
    "piv": 12,
    "piv-of-another-vendor": 12,
    "openpgp": 4,
    "openpgp-by-admin-pin": 4,
    "gids": 12,
    "gids-with-aes": 12,
    "profile": 5,
    "profile-silent": 2,
}
COMMANDS_OF_FRESH = {
    "piv": 21,
    "openpgp": 9,
    "openpgp-without-code": 9,
    "openpgp-with-kdf": 9,
    "openpgp-by-admin-pin": 12,
    "profile-rotating": 13,
}
REPLACE = {"openpgp": 0xDA, "openpgp-without-code": 0xDA, "openpgp-with-kdf": 0xDA}  # others: CHANGE
CHECKED_BEFORE = ("piv", "profile-rotating")  # by the same command as it is replaced with
AGAIN = {  # after one whose secret did not reach the card, and after one that did
    "piv": (25, 17),
    "openpgp": (9, 9),
    "openpgp-without-code": (9, 6),
    "openpgp-with-kdf": (9, 9),
    "openpgp-by-admin-pin": (18, 8),
    "profile-rotating": (17, 9),
}
FACTORY = {**CAST, WITHOUT_CODE.name: WITHOUT_CODE}
ORDERS = [Order(CAST[name], False, commands) for name, commands in COMMANDS.items()]
ORDERS += [Order(FACTORY[name], True, commands) for name, commands in COMMANDS_OF_FRESH.items()]
SECOND = [
    (order, first, commands)
    for order in ORDERS
    if order.fresh
    for first, commands in zip(FAULTS, AGAIN[order.role.name], strict=True)
]
TWICE = [
    (order, first, fault, nth)
    for order, first, commands in SECOND
    for nth in range(1, commands + 1)
    for fault in FAULTS
]
CASES = [(order, fault, nth) for order in ORDERS for nth in range(1, order.commands + 1) for fault in FAULTS]


async def desk(open_world: OpenWorld, order: Order, monkeypatch: pytest.MonkeyPatch) -> tuple[World, AnyCard]:
    """A holder in the store, and a card in the reader that nobody has enrolled."""
    keys = ring_in_memory(VAULT_KEY, PEPPER)
    monkeypatch.setattr(office, "key_ring", lambda _: keys)
    world = await open_world(**order.role.sections)
    await world.holder()
    card = order.role.make()
    world.reader.insert(card)
    return world, card


@pytest.mark.parametrize("order", sample(ORDERS, 6), ids=str)
async def test_each_order_takes_so_many_commands(
    open_world: OpenWorld, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, card = await desk(open_world, order, monkeypatch)
    await order.carry_out(world)
    assert world.reader.faults.count() == order.commands
    await carried_out(world, order, card)


@pytest.mark.parametrize(("order", "fault", "nth"), sample(CASES, 10), ids=str)
async def test_torn_at_any_command_the_same_again_finishes(
    open_world: OpenWorld, order: Order, fault: str, nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, card = await desk(open_world, order, monkeypatch)
    getattr(world.reader.faults, fault)(nth)
    with pytest.raises((CardIOError, EnrolmentError)):
        await order.carry_out(world)
    assert world.reader.card is None, "the card was torn out"
    kept = await world.secrets() if await world.rows(CardRow) else []
    if order.role.secret in [secret.get_secret_value() for secret in kept]:
        right = [secret for secret in kept if order.role.unblocks(card, secret.get_secret_value())]
        assert len(right) == 1, "what the card holds is kept"
    world.reader.insert(card)
    await order.carry_out(world)
    await carried_out(world, order, card)


async def torn_first(
    open_world: OpenWorld, order: Order, first: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[World, AnyCard]:
    """The officer's card was torn out when the fresh secret was written to it."""
    world, card = await desk(open_world, order, monkeypatch)
    nth = 2 if order.role.name in CHECKED_BEFORE else 1
    getattr(world.reader.faults, first)(nth, ins=REPLACE.get(order.role.name, 0x24))
    with pytest.raises(EnrolmentError, match="give the same command again"):
        await order.carry_out(world)
    world.reader.insert(card)
    return world, card


@pytest.mark.parametrize(("order", "first", "commands"), sample(SECOND, 4), ids=str)
async def test_the_same_again_takes_so_many_commands(
    open_world: OpenWorld, order: Order, first: str, commands: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, card = await torn_first(open_world, order, first, monkeypatch)
    before = world.reader.faults.count()
    await order.carry_out(world)
    assert world.reader.faults.count() - before == commands
    await carried_out(world, order, card)


@pytest.mark.parametrize(("order", "first", "fault", "nth"), sample(TWICE, 6), ids=str)
async def test_torn_again_the_third_finishes(
    open_world: OpenWorld, order: Order, first: str, fault: str, nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, card = await torn_first(open_world, order, first, monkeypatch)
    getattr(world.reader.faults, fault)(nth)
    with pytest.raises((CardIOError, EnrolmentError)):
        await order.carry_out(world)
    assert world.reader.card is None, "the card was torn out"
    world.reader.insert(card)
    await order.carry_out(world)
    await carried_out(world, order, card)


async def carried_out(world: World, order: Order, card: AnyCard) -> None:
    """The secret that is kept is the card's, and no other is; a fresh one is another than before."""
    (secret,) = await world.secrets()
    assert order.role.unblocks(card, secret.get_secret_value())
    assert (secret.get_secret_value() != order.role.secret) is order.fresh
    assert order.role.tries(card) in (3, None)
    assert passcode_tries(card) == 3
    (row,) = await world.rows(CardRow)
    assert row.unblock_state == "usable"
    mutual = order.role.name.startswith("gids")
    assert row.secret_proven is (order.fresh or mutual)
