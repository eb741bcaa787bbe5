"""What every card family promises (cardio.card), on every bench: the words of a kiosk, not of a standard.

A new family joins with one `Specimen`: how to make its card, its family, and its unblock secret.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from pydantic import SecretBytes, SecretStr

from cardio.applets.piv import PivFamily
from cardio.card import Card, Family, KeyUse, identify
from cardio.errors import (
    CardRemoved,
    CardUnsupported,
    NotGenuine,
    OutcomeUnknown,
    PasscodeLocked,
    PasscodeRefused,
    UnblockSecretLocked,
    WrongPasscode,
    WrongUnblockSecret,
)
from cardio.virtual.card import VirtualCard
from cardio.virtual.piv import PivCard
from cardio.virtual.unknown import UnknownCard
from tests.contracts.benches import Bench

NEW, WRONG = SecretStr("80642975"), SecretStr("975318")


@dataclass(frozen=True)
class Specimen:
    """One family to hold to the contract. Its cards have 3 tries for each secret."""

    family: Family
    make: Callable[[], VirtualCard]
    passcode: SecretStr
    secret: SecretBytes
    wrong_secret: SecretBytes
    write_ins: int  # the instruction that sets a new passcode


SPECIMENS = {
    "piv": Specimen(
        PivFamily(), PivCard, SecretStr("123456"), SecretBytes(b"12345678"), SecretBytes(b"87654321"), 0x2C
    )
}


@pytest.fixture(params=list(SPECIMENS))
def specimen(request: pytest.FixtureRequest) -> Specimen:
    return SPECIMENS[request.param]


@asynccontextmanager
async def opened(bench: Bench, insertion: int, specimen: Specimen) -> AsyncIterator[Card]:
    async with bench.reader.session(insertion) as channel:
        yield await identify(channel, [specimen.family])


@pytest.fixture
async def card(bench: Bench, specimen: Specimen) -> AsyncIterator[Card]:
    """A card fresh from the box, in an open session."""
    async with opened(bench, await bench.insert(specimen.make()), specimen) as found:
        yield found


async def lock(card: Card) -> None:
    for _ in range(3):
        with pytest.raises((WrongPasscode, PasscodeLocked)):
            await card.verify(WRONG)


async def test_the_identity_names_the_family_and_stays(bench: Bench, specimen: Specimen) -> None:
    virtual = specimen.make()
    async with opened(bench, await bench.insert(virtual), specimen) as found:
        first = found.id
    await bench.remove()
    async with opened(bench, await bench.insert(virtual), specimen) as found:
        assert found.id == first
    assert first.family == specimen.family.name
    assert first.serial.isalnum()
    assert first.serial == first.serial.upper()


async def test_two_cards_have_two_identities(bench: Bench, specimen: Specimen) -> None:
    ids = set()
    for _ in range(2):
        async with opened(bench, await bench.insert(specimen.make()), specimen) as found:
            ids.add(found.id)
        await bench.remove()
    assert len(ids) == 2


async def test_other_cards_are_not_of_the_family(bench: Bench, specimen: Specimen) -> None:
    async with bench.reader.session(await bench.insert(UnknownCard())) as channel:
        assert await specimen.family.open(channel) is None
        with pytest.raises(CardUnsupported):
            await identify(channel, [specimen.family])


async def test_the_right_passcode(card: Card, specimen: Specimen) -> None:
    assert await card.tries_left() == 3
    await card.verify(specimen.passcode)


async def test_wrong_passcodes_until_it_is_locked(card: Card, specimen: Specimen) -> None:
    with pytest.raises(WrongPasscode) as caught:
        await card.verify(WRONG)
    assert caught.value.tries_left == 2
    assert await card.tries_left() == 2
    await lock(card)
    assert await card.tries_left() == 0
    with pytest.raises(PasscodeLocked):
        await card.verify(specimen.passcode)


async def test_what_breaks_the_format_costs_no_try(card: Card, specimen: Specimen) -> None:
    rules = card.passcode_format
    for bad in ("1" * (rules.min_length - 1), "1" * (rules.max_length + 1), "€" * rules.min_length):
        with pytest.raises(PasscodeRefused):
            await card.verify(SecretStr(bad))
        with pytest.raises(PasscodeRefused):
            await card.reset_passcode(specimen.secret, SecretStr(bad))
    assert await card.tries_left() == 3


async def test_changing_the_passcode(card: Card, specimen: Specimen) -> None:
    await card.change_passcode(specimen.passcode, NEW)
    await card.verify(NEW)
    with pytest.raises(WrongPasscode):
        await card.verify(specimen.passcode)


async def test_unlocking(card: Card, specimen: Specimen) -> None:
    await lock(card)
    await card.reset_passcode(specimen.secret, NEW)
    assert await card.tries_left() == 3
    await card.verify(NEW)
    assert await card.unblock_tries_left() in (3, None)


async def test_an_unlocked_card_takes_a_new_passcode_as_well(card: Card, specimen: Specimen) -> None:
    await card.reset_passcode(specimen.secret, NEW)
    await card.verify(NEW)


async def test_a_wrong_unblock_secret_leaves_it_locked_and_counts(card: Card, specimen: Specimen) -> None:
    await lock(card)
    for _ in range(2):
        with pytest.raises(WrongUnblockSecret):
            await card.reset_passcode(specimen.wrong_secret, NEW)
    assert await card.unblock_tries_left() in (1, None)
    with pytest.raises(UnblockSecretLocked):
        await card.reset_passcode(specimen.wrong_secret, NEW)
    with pytest.raises(UnblockSecretLocked):
        await card.reset_passcode(specimen.secret, NEW)
    assert await card.tries_left() == 0


async def test_a_lost_answer_is_settled_by_asking_the_card(bench: Bench, specimen: Specimen) -> None:
    virtual = specimen.make()
    async with opened(bench, await bench.insert(virtual), specimen) as found:
        await lock(found)
        bench.faults.lose_reply(ins=specimen.write_ins)
        with pytest.raises(OutcomeUnknown):
            await found.reset_passcode(specimen.secret, NEW)
        with pytest.raises(CardRemoved):
            await found.tries_left()
    await bench.remove()
    async with opened(bench, await bench.insert(virtual), specimen) as found:
        assert await found.tries_left() == 3
        await found.verify(NEW)


async def test_the_certificate_ends_some_day(card: Card) -> None:
    expiry = await card.certificate_expiry()
    assert expiry is None or expiry > datetime.now(UTC)


async def test_a_card_proves_itself_and_no_other(bench: Bench, specimen: Specimen) -> None:
    async with opened(bench, await bench.insert(specimen.make()), specimen) as found:
        offered = await found.offered_key(KeyUse.FREE)
        assert offered is not None
        await found.prove(KeyUse.FREE, offered.public_key)
    await bench.remove()
    async with opened(bench, await bench.insert(specimen.make()), specimen) as found:
        with pytest.raises(NotGenuine):
            await found.prove(KeyUse.FREE, offered.public_key)
