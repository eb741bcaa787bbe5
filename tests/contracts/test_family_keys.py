"""How cards of every family prove that they are the one they say they are, on every bench."""

from __future__ import annotations

import secrets

import pytest

from cardio.card import Card, KeyUse
from cardio.errors import CardError, NotGenuine, WrongUnblockSecret
from cardio.virtual.card import VirtualCard
from tests.contracts.benches import Bench
from tests.contracts.specimens import SPECIMENS, Specimen, specimens
from tests.contracts.steps import opened, says_secret_tries
from tests.madness import Wrapped

WITH_KEYS = [
    pytest.param(specimen, use, id=f"{name}-{use.value}")
    for name, specimen in SPECIMENS.items()
    for use in specimen.family.traits.key_uses
]
BY_PASSCODE = specimens(lambda specimen: KeyUse.PASSCODE in specimen.family.traits.key_uses)
MUTUAL = specimens(lambda specimen: specimen.family.traits.mutual)
NOT_MUTUAL = specimens(lambda specimen: not specimen.family.traits.mutual)

with_keys = pytest.mark.parametrize(("specimen", "use"), WITH_KEYS)


async def pinned(card: Card, specimen: Specimen, use: KeyUse) -> bytes:
    """The card's key for that use, which must be one that its family can hold."""
    offered = await card.offered_key(use)
    assert offered is not None
    specimen.family.check_key(use, offered.public_key)
    return offered.public_key


async def ready(card: Card, specimen: Specimen, use: KeyUse) -> None:
    """What goes before a signature for that use."""
    if use is KeyUse.PASSCODE:
        await card.verify(specimen.passcode)


@with_keys
async def test_a_card_proves_its_key(bench: Bench, specimen: Specimen, use: KeyUse) -> None:
    async with opened(bench, await bench.insert(specimen.make()), specimen) as card:
        key = await pinned(card, specimen, use)
        await ready(card, specimen, use)
        for _ in range(2):
            await card.prove(use, key)


@with_keys
async def test_a_card_with_a_like_key_is_not_genuine(bench: Bench, specimen: Specimen, use: KeyUse) -> None:
    async with opened(bench, await bench.insert(specimen.make()), specimen) as card:
        key = await pinned(card, specimen, use)
    await bench.remove()
    async with opened(bench, await bench.insert(specimen.make()), specimen) as card:
        await ready(card, specimen, use)
        with pytest.raises(NotGenuine):
            await card.prove(use, key)


@with_keys
async def test_a_card_without_the_key_is_not_genuine(bench: Bench, specimen: Specimen, use: KeyUse) -> None:
    async with opened(bench, await bench.insert(specimen.make()), specimen) as card:
        key = await pinned(card, specimen, use)
    await bench.remove()
    async with opened(bench, await bench.insert(specimen.keyless[use]()), specimen) as card:
        assert await card.offered_key(use) is None
        await ready(card, specimen, use)
        with pytest.raises(NotGenuine):
            await card.prove(use, key)


@pytest.mark.parametrize("specimen", BY_PASSCODE.values(), ids=BY_PASSCODE.keys())
async def test_the_passcode_must_come_first_in_the_same_session(bench: Bench, specimen: Specimen) -> None:
    insertion = await bench.insert(specimen.make())
    async with opened(bench, insertion, specimen) as card:
        key = await pinned(card, specimen, KeyUse.PASSCODE)
        with pytest.raises(NotGenuine):
            await card.prove(KeyUse.PASSCODE, key)
        await card.verify(specimen.passcode)
    async with opened(bench, insertion, specimen) as card:  # reset in between
        with pytest.raises(NotGenuine):
            await card.prove(KeyUse.PASSCODE, key)
        await card.verify(specimen.passcode)
        await card.prove(KeyUse.PASSCODE, key)


@pytest.mark.parametrize("specimen", SPECIMENS.values(), ids=SPECIMENS.keys())
def test_what_no_card_can_hold_is_refused_as_a_key(specimen: Specimen) -> None:
    for use in KeyUse:
        with pytest.raises(ValueError, match=r"."):
            specimen.family.check_key(use, b"no key at all")


@pytest.mark.parametrize("specimen", SPECIMENS.values(), ids=SPECIMENS.keys())
async def test_there_is_no_key_but_those_of_its_traits(bench: Bench, specimen: Specimen) -> None:
    async with opened(bench, await bench.insert(specimen.make()), specimen) as card:
        for use in set(KeyUse) - set(specimen.family.traits.key_uses):
            assert await card.offered_key(use) is None


# -- by the unblock secret ----------------------------------------------------------------------


class Boaster(Wrapped):
    """A copy without the secret: where the card refuses a cryptogram, it answers with one of its own."""

    def transmit(self, apdu: bytes) -> bytes:
        """Boast."""
        answer = self._card.transmit(apdu)
        if apdu[1:2] != b"\x87" or answer.endswith(b"\x90\x00"):
            return answer
        length = apdu[8] if len(apdu) > 8 else 0x28  # of the cryptogram: 7C len 82 len
        return bytes([0x7C, length + 2, 0x82, length]) + secrets.token_bytes(length) + b"\x90\x00"


def _other(specimen: Specimen) -> VirtualCard:
    assert specimen.other_secret is not None, "a specimen of a mutual family wants other_secret"
    return specimen.other_secret()


@pytest.mark.parametrize("specimen", MUTUAL.values(), ids=MUTUAL.keys())
async def test_mutual_proof_and_what_it_opens(bench: Bench, specimen: Specimen) -> None:
    async with opened(bench, await bench.insert(specimen.make()), specimen) as card:
        await card.prove_by_secret(specimen.secret)
        sent = bench.faults.count([0x87])
        await card.reset_passcode(specimen.secret, specimen.new_passcode)
        assert bench.faults.count([0x87]) == sent
        await card.verify(specimen.new_passcode)


@pytest.mark.parametrize("specimen", MUTUAL.values(), ids=MUTUAL.keys())
async def test_a_card_with_another_secret_refuses_ours(bench: Bench, specimen: Specimen) -> None:
    async with opened(bench, await bench.insert(_other(specimen)), specimen) as card:
        with pytest.raises(WrongUnblockSecret):
            await card.prove_by_secret(specimen.secret)
        with pytest.raises(CardError):
            await card.reset_passcode(specimen.secret, specimen.new_passcode)
        await card.verify(specimen.passcode)


@pytest.mark.parametrize("specimen", MUTUAL.values(), ids=MUTUAL.keys())
async def test_a_copy_that_answers_anything_is_not_genuine(bench: Bench, specimen: Specimen) -> None:
    async with opened(bench, await bench.insert(Boaster(_other(specimen))), specimen) as card:
        with pytest.raises(NotGenuine):
            await card.prove_by_secret(specimen.secret)


@pytest.mark.parametrize("specimen", NOT_MUTUAL.values(), ids=NOT_MUTUAL.keys())
async def test_other_families_send_no_secret_for_a_proof(bench: Bench, specimen: Specimen) -> None:
    async with opened(bench, await bench.insert(specimen.make()), specimen) as card:
        sent = len(bench.faults.trace)
        with pytest.raises(NotGenuine):
            await card.prove_by_secret(specimen.wrong_secret)
        assert len(bench.faults.trace) == sent
        await says_secret_tries(card, specimen)
