"""How unblock secrets are checked and replaced, for every family that can, on every bench."""

from __future__ import annotations

import pytest
from pydantic import SecretBytes

from cardio.card import Card
from cardio.errors import (
    CardError,
    CardUnsupported,
    OutcomeUnknown,
    UnblockSecretLocked,
    WrongUnblockSecret,
)
from tests.contracts.benches import Bench
from tests.contracts.specimens import Specimen, specimens
from tests.contracts.steps import lock, opened, says_secret_tries, says_tries

REPLACEABLE = specimens(lambda specimen: specimen.family.traits.replaceable)
BY_AUTHORITY = specimens(lambda specimen: specimen.family.traits.authority is not None)
SETTABLE = REPLACEABLE | BY_AUTHORITY
FIXED = specimens(lambda one: not one.family.traits.replaceable and one.family.traits.authority is None)

replaceable = pytest.mark.parametrize("specimen", REPLACEABLE.values(), ids=REPLACEABLE.keys())
settable = pytest.mark.parametrize("specimen", SETTABLE.values(), ids=SETTABLE.keys())


def authority(specimen: Specimen) -> tuple[SecretBytes, SecretBytes]:
    """What sets a fresh unblock secret, and a wrong one of its kind."""
    if specimen.family.traits.replaceable:
        return specimen.secret, specimen.wrong_secret
    assert specimen.authority is not None, "a specimen of a family with an authority wants one"
    return specimen.authority.value, specimen.authority.wrong


@replaceable
async def test_a_right_secret_gets_all_its_tries_back(card: Card, specimen: Specimen) -> None:
    await card.check_secret(specimen.secret)
    with pytest.raises(WrongUnblockSecret):
        await card.check_secret(specimen.wrong_secret)
    assert specimen.secret_tries is not None
    await says_secret_tries(card, specimen, specimen.secret_tries - 1)
    await card.check_secret(specimen.secret)
    await says_secret_tries(card, specimen)
    await says_tries(card, specimen, 3)
    await card.verify(specimen.passcode)
    await card.reset_passcode(specimen.secret, specimen.new_passcode)


@replaceable
async def test_a_locked_secret_says_so_when_checked(card: Card, specimen: Specimen) -> None:
    assert specimen.secret_tries is not None
    for _ in range(specimen.secret_tries):
        with pytest.raises((WrongUnblockSecret, UnblockSecretLocked)):
            await card.check_secret(specimen.wrong_secret)
    with pytest.raises(UnblockSecretLocked):
        await card.check_secret(specimen.secret)


@replaceable
async def test_what_is_no_secret_is_not_sent(bench: Bench, card: Card, specimen: Specimen) -> None:
    bad = SecretBytes(b"1" * (max(specimen.family.secret.lengths) + 1))
    sent = len(bench.faults.trace)
    for attempt in (
        card.check_secret(bad),
        card.replace_secret(bad, specimen.secret),
        card.replace_secret(specimen.secret, bad),
    ):
        with pytest.raises(CardError) as caught:
            await attempt
        assert caught.value.sw == 0
    assert len(bench.faults.trace) == sent
    await says_secret_tries(card, specimen)


@settable
async def test_a_new_secret_takes_the_place_of_the_old(card: Card, specimen: Specimen) -> None:
    right, _ = authority(specimen)
    fresh = specimen.family.secret.fresh()
    assert specimen.family.secret.accepts(fresh)
    await card.replace_secret(right, fresh)
    await says_secret_tries(card, specimen)
    await lock(card, specimen)
    with pytest.raises(WrongUnblockSecret):
        await card.reset_passcode(specimen.secret, specimen.new_passcode)
    await card.reset_passcode(fresh, specimen.new_passcode)
    await card.verify(specimen.new_passcode)


@settable
async def test_a_wrong_authority_changes_nothing_and_counts(card: Card, specimen: Specimen) -> None:
    right, wrong = authority(specimen)
    before = await card.authority_tries_left()
    with pytest.raises(WrongUnblockSecret):
        await card.replace_secret(wrong, specimen.family.secret.fresh())
    after = await card.authority_tries_left()
    assert before is None or after == before - 1
    await lock(card, specimen)
    await card.reset_passcode(specimen.secret, specimen.new_passcode)
    await card.replace_secret(right, specimen.family.secret.fresh())
    assert await card.authority_tries_left() == before


@settable
async def test_a_lost_answer_leaves_one_of_the_two(bench: Bench, specimen: Specimen) -> None:
    right, _ = authority(specimen)
    fresh, virtual = specimen.family.secret.fresh(), specimen.make()
    async with opened(bench, await bench.insert(virtual), specimen) as card:
        bench.faults.lose_reply(ins=specimen.replace_ins)
        with pytest.raises(OutcomeUnknown):
            await card.replace_secret(right, fresh)
    await bench.remove()
    async with opened(bench, await bench.insert(virtual), specimen) as card:
        await card.reset_passcode(fresh, specimen.new_passcode)
        await says_secret_tries(card, specimen)


@settable
async def test_a_card_pulled_before_keeps_the_old(bench: Bench, specimen: Specimen) -> None:
    right, _ = authority(specimen)
    virtual = specimen.make()
    async with opened(bench, await bench.insert(virtual), specimen) as card:
        bench.faults.pull_before(ins=specimen.replace_ins)
        with pytest.raises(OutcomeUnknown):
            await card.replace_secret(right, specimen.family.secret.fresh())
    await bench.remove()
    async with opened(bench, await bench.insert(virtual), specimen) as card:
        await says_secret_tries(card, specimen)
        await card.reset_passcode(specimen.secret, specimen.new_passcode)


@pytest.mark.parametrize("specimen", FIXED.values(), ids=FIXED.keys())
async def test_families_that_cannot_say_so_and_send_nothing(
    bench: Bench, card: Card, specimen: Specimen
) -> None:
    sent = len(bench.faults.trace)
    for attempt in (
        card.check_secret(specimen.secret),
        card.replace_secret(specimen.secret, specimen.wrong_secret),
    ):
        with pytest.raises(CardUnsupported):
            await attempt
    assert len(bench.faults.trace) == sent
