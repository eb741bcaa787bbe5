"""What every card family promises (cardio.card), on every bench: the words of a kiosk, not of a standard.

A new family joins in `tests/contracts/specimens.py`. Keys and secrets: test_family_keys.py and
test_family_secrets.py.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from cardio.card import Card, identify
from cardio.errors import (
    CardRemoved,
    CardUnsupported,
    OutcomeUnknown,
    PasscodeLocked,
    PasscodeRefused,
    UnblockSecretLocked,
    WrongPasscode,
    WrongUnblockSecret,
)
from cardio.virtual.unknown import UnknownCard
from tests.contracts.benches import Bench
from tests.contracts.specimens import SPECIMENS, Specimen
from tests.contracts.steps import lock, opened, says_secret_tries, says_tries

pytestmark = pytest.mark.parametrize("specimen", SPECIMENS.values(), ids=SPECIMENS.keys())


# -- identity -----------------------------------------------------------------------------------


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


async def test_its_number_can_be_written_down_and_read_again(card: Card, specimen: Specimen) -> None:
    assert specimen.family.parse_id(f"{card.id.kind}:{card.id.serial}") == card.id
    assert str(card.id) == f"{specimen.family.name}:{card.id.kind}:{card.id.serial}"


@pytest.mark.parametrize("text", ["", ":", "no number at all", "unheard-of:1234", "guid:€"])
def test_what_is_no_number_is_refused_without_repeating_it(specimen: Specimen, text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        specimen.family.parse_id(text)
    assert len(text) < 2 or text not in str(caught.value)


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


# -- the passcode -------------------------------------------------------------------------------


async def test_the_right_passcode(card: Card, specimen: Specimen) -> None:
    await says_tries(card, specimen, 3)
    await card.verify(specimen.passcode)


async def test_wrong_passcodes_until_it_is_locked(card: Card, specimen: Specimen) -> None:
    with pytest.raises(WrongPasscode) as caught:
        await card.verify(specimen.wrong_passcode)
    assert caught.value.tries_left == 2 or (caught.value.tries_left is None and not specimen.tells_tries)
    await says_tries(card, specimen, 2)
    await lock(card, specimen)
    await says_tries(card, specimen, 0)
    with pytest.raises(PasscodeLocked):
        await card.verify(specimen.passcode)
    with pytest.raises(PasscodeLocked):
        await card.change_passcode(specimen.passcode, specimen.new_passcode)


async def test_a_right_passcode_gives_the_tries_back(card: Card, specimen: Specimen) -> None:
    with pytest.raises(WrongPasscode):
        await card.verify(specimen.wrong_passcode)
    await card.verify(specimen.passcode)
    for _ in range(2):
        with pytest.raises(WrongPasscode):
            await card.verify(specimen.wrong_passcode)
    await card.verify(specimen.passcode)


async def test_what_breaks_the_format_costs_no_try(card: Card, specimen: Specimen) -> None:
    rules = card.passcode_format
    for bad in ("1" * (rules.min_length - 1), "1" * (rules.max_length + 1), "€" * rules.min_length):
        with pytest.raises(PasscodeRefused):
            await card.verify(SecretStr(bad))
        with pytest.raises(PasscodeRefused):
            await card.change_passcode(SecretStr(bad), specimen.new_passcode)
        with pytest.raises(PasscodeRefused):
            await card.change_passcode(specimen.passcode, SecretStr(bad))
        with pytest.raises(PasscodeRefused):
            await card.reset_passcode(specimen.secret, SecretStr(bad))
    await says_tries(card, specimen, 3)
    await says_secret_tries(card, specimen)
    await card.verify(specimen.passcode)


async def test_changing_the_passcode(card: Card, specimen: Specimen) -> None:
    await card.change_passcode(specimen.passcode, specimen.new_passcode)
    await card.verify(specimen.new_passcode)
    with pytest.raises(WrongPasscode):
        await card.verify(specimen.passcode)


async def test_changing_it_with_a_wrong_one_counts(card: Card, specimen: Specimen) -> None:
    with pytest.raises(WrongPasscode):
        await card.change_passcode(specimen.wrong_passcode, specimen.new_passcode)
    await says_tries(card, specimen, 2)
    await card.verify(specimen.passcode)


# -- unlocking ----------------------------------------------------------------------------------


async def test_unlocking(card: Card, specimen: Specimen) -> None:
    await lock(card, specimen)
    await card.reset_passcode(specimen.secret, specimen.new_passcode)
    await says_tries(card, specimen, 3)
    await card.verify(specimen.new_passcode)
    await says_secret_tries(card, specimen)


async def test_an_unlocked_card_takes_a_new_passcode_as_well(card: Card, specimen: Specimen) -> None:
    await card.reset_passcode(specimen.secret, specimen.new_passcode)
    await card.verify(specimen.new_passcode)


async def test_asking_spends_nothing(card: Card, specimen: Specimen) -> None:
    for _ in range(5):
        await says_tries(card, specimen, 3)
        await says_secret_tries(card, specimen)
        await card.authority_tries_left()
    await card.verify(specimen.passcode)
    await card.reset_passcode(specimen.secret, specimen.new_passcode)


async def test_a_wrong_unblock_secret_leaves_it_locked_and_counts(card: Card, specimen: Specimen) -> None:
    await lock(card, specimen)
    for _ in range((specimen.secret_tries or 3) - 1):
        with pytest.raises(WrongUnblockSecret):
            await card.reset_passcode(specimen.wrong_secret, specimen.new_passcode)
    if specimen.secret_tries is not None:
        await says_secret_tries(card, specimen, 1)
        with pytest.raises(UnblockSecretLocked):
            await card.reset_passcode(specimen.wrong_secret, specimen.new_passcode)
        with pytest.raises(UnblockSecretLocked):
            await card.reset_passcode(specimen.secret, specimen.new_passcode)
        await says_secret_tries(card, specimen, 0)
    await says_tries(card, specimen, 0)
    with pytest.raises(PasscodeLocked):
        await card.verify(specimen.passcode)


async def test_a_lost_answer_is_settled_by_asking_the_card(bench: Bench, specimen: Specimen) -> None:
    virtual = specimen.make()
    async with opened(bench, await bench.insert(virtual), specimen) as found:
        await lock(found, specimen)
        bench.faults.lose_reply(ins=specimen.write_ins)
        with pytest.raises(OutcomeUnknown):
            await found.reset_passcode(specimen.secret, specimen.new_passcode)
        with pytest.raises(CardRemoved):
            await found.verify(specimen.new_passcode)
    await bench.remove()
    async with opened(bench, await bench.insert(virtual), specimen) as found:
        await says_tries(found, specimen, 3)
        await found.verify(specimen.new_passcode)


async def test_a_card_pulled_before_the_write_has_its_old_passcode(bench: Bench, specimen: Specimen) -> None:
    virtual = specimen.make()
    async with opened(bench, await bench.insert(virtual), specimen) as found:
        bench.faults.pull_before(ins=specimen.write_ins)
        with pytest.raises(OutcomeUnknown):
            await found.reset_passcode(specimen.secret, specimen.new_passcode)
    await bench.remove()
    async with opened(bench, await bench.insert(virtual), specimen) as found:
        await says_tries(found, specimen, 3)
        await found.verify(specimen.passcode)


async def test_the_certificate_ends_some_day(card: Card) -> None:
    expiry = await card.certificate_expiry()
    assert expiry is None or expiry > datetime.now(UTC)
