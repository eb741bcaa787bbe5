"""How many commands a card is sent: a standard to keep, and the table of docs/cards.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from cardio.card import KeyUse, identify
from cardio.virtual.faults import Exchange
from tests.stories.cast import CAST, AnyCard, Role
from tests.stories.conftest import OpenWorld
from tests.stories.test_leaving import Plot
from tests.stories.test_torn import plots_of
from tests.stories.world import World

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "cards.md"
TOLD = {
    "piv": "PIV (YubiKey)",
    "piv-of-another-vendor": "PIV of another vendor",
    "openpgp": "OpenPGP, resetting code",
    "openpgp-by-admin-pin": "OpenPGP, admin PIN, which is replaced",
    "gids": "GIDS",
    "profile": "a profile that tells its tries",
    "profile-silent": "a profile that tells nothing",
}
WRITES = (0x2C, 0x24)
PROOFS = (0x22, 0x87, 0x88)  # MANAGE SECURITY ENVIRONMENT, GENERAL and INTERNAL AUTHENTICATE


@dataclass(frozen=True)
class Wire:
    """Commands, by what they are for. ``unlock`` sets the new passcode and has the card prove it."""

    identification: int
    certificate: int
    proof: int
    unlock: int
    replacement: int


async def identification(world: World, role: Role, card: AnyCard) -> tuple[int, int, int]:
    """Commands that tell which card it is; its tries too; and when its certificate ends."""
    trace = world.reader.faults.trace
    world.reader.remove()
    world.reader.insert(card)
    trace.clear()
    async with world.reader.session(world.reader.presence.insertion) as channel:
        found = await identify(channel, world.parts.families)
        opened = len(trace)
        await found.tries_left()
        await found.unblock_tries_left()
        told = len(trace)
        await found.certificate_expiry()
    world.reader.remove()
    return opened, told, len(trace) - told


async def measured(open_world: OpenWorld, role: Role) -> Wire:
    """Count an unlock as a kiosk does it: the session in which the card is written."""
    world = await open_world(**role.sections)
    await world.holder()
    card = await role.enrolled(world)
    plot: Plot = plots_of(role)[1]
    await plot.prepare(world, card)
    opened, told, certificate = await identification(world, role, card)
    world.reader.faults.trace.clear()
    await plot.person(world).visit(card)
    session = writing(world.reader.faults.trace)
    proof = sum(each.header[1] in PROOFS for each in session)
    replaced = 0
    if role.rotates:  # begins with the tries once more
        write = max(index for index, each in enumerate(session) if each.header[1] == 0x2C)
        verified = next(i for i, each in enumerate(session) if i > write and is_verify(each))
        last_proof = max((i for i, each in enumerate(session) if each.header[1] in PROOFS), default=0)
        replaced = len(session) - 1 - max(verified, last_proof)
    return Wire(told, certificate, proof, len(session) - opened - proof - replaced, replaced)


def is_verify(exchange: Exchange) -> bool:
    """Whether a passcode was sent."""
    return exchange.header[1] == 0x20 and exchange.lc > 0


def writing(trace: list[Exchange]) -> list[Exchange]:
    """The last session of a trace, from its SELECT on."""
    write = max(index for index, each in enumerate(trace) if each.header[1] in WRITES)
    first = max(index for index in range(write) if begins(trace, index))
    return trace[first:]


def begins(trace: list[Exchange], index: int) -> bool:
    """Whether a session begins here: with a SELECT by name, that follows no other SELECT."""
    by_name = trace[index].header[1:3] == b"\xa4\x04"
    return by_name and (index == 0 or trace[index - 1].header[1] != 0xA4)


@pytest.mark.parametrize("name", TOLD)
async def test_a_card_is_sent_no_more_than_the_document_says(open_world: OpenWorld, name: str) -> None:
    wire = await measured(open_world, CAST[name])
    row = (
        f"| {TOLD[name]} | {wire.identification} | {wire.certificate} | {wire.proof} | {wire.unlock} "
        f"| {wire.replacement or '-'} |"
    )
    assert row in DOCUMENT.read_text(encoding="utf-8").splitlines()
    assert wire.identification <= 4


@pytest.mark.parametrize("name", ["piv", "piv-of-another-vendor"])
async def test_a_piv_card_is_unlocked_and_proven_with_five_commands(open_world: OpenWorld, name: str) -> None:
    assert (await measured(open_world, CAST[name])).unlock <= 5


async def test_the_proof_of_a_piv_card_is_one_command(open_world: OpenWorld) -> None:
    world = await open_world()
    await world.holder()
    card = await world.card()
    world.reader.insert(card)
    async with world.reader.session(world.reader.presence.insertion) as channel:
        found = await identify(channel, world.parts.families)
        before = world.reader.faults.count()
        await found.prove(KeyUse.FREE, card.card_key_der or b"")
        assert world.reader.faults.count() - before == 1
