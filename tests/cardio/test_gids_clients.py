"""OpenSC against the virtual GIDS card, on a real pcscd, and our family beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretBytes, SecretStr

from cardio.applets.gids import GidsFamily
from cardio.errors import WrongPasscode, WrongUnblockSecret
from cardio.virtual.gids import GidsCard
from tests.cardio.gids import unblocks, verifies
from tests.cardio.opensc import opensc
from tests.cardio.slot import opened, plugged
from tests.pcscd import PcscService

pytestmark = pytest.mark.xdist_group("pcscd")

PIN, NEW = "135791", "86420975"
KEY, OTHER = bytes(range(0x30, 0x48)), bytes(range(0x50, 0x68))


@pytest.fixture
async def card(pcsc_service: PcscService) -> AsyncIterator[GidsCard]:
    """A card whose passcode and admin key are not the ones from the factory."""
    async with plugged(pcsc_service, GidsCard(pin=PIN, admin_key=KEY, card_id=bytes(range(16)))) as card:
        yield card


async def test_gids_tool_unblocks_with_the_admin_key_alone(card: GidsCard) -> None:
    card.lock()
    assert not await unblocks(OTHER, NEW)
    assert (card.state().locked, card.state().pin) == (True, PIN)
    assert await unblocks(KEY, NEW)
    assert (card.state().pin, card.state().pin_tries_left) == (NEW, 3)
    assert not card.state().verified


async def test_gids_tool_counts_where_the_card_counts(pcsc_service: PcscService) -> None:
    async with plugged(pcsc_service, GidsCard(admin_key=KEY, admin_tries=3)) as card:
        assert not await unblocks(OTHER, NEW)
        assert card.state().admin_tries_left == 2
        async with opened(GidsFamily()) as found:
            with pytest.raises(WrongUnblockSecret):
                await found.prove_by_secret(SecretBytes(OTHER))
            assert card.state().admin_tries_left == 1
            await found.prove_by_secret(SecretBytes(KEY))
        assert card.state().admin_tries_left == 3


async def test_pkcs15_tool_reads_verifies_and_changes(card: GidsCard) -> None:
    code, said = await opensc("pkcs15-tool", "--dump")
    assert code == 0, said
    assert "PKCS#15 Card [GIDS card]" in said
    assert "Serial number  : 000102030405060708090a0b0c0d0e0f" in said
    assert "Tries left     : 3" in said
    assert await verifies(PIN)
    assert not await verifies(NEW)
    assert card.state().pin_tries_left == 2
    code, said = await opensc("pkcs15-tool", "--change-pin", "--pin", PIN, "--new-pin", NEW)
    assert code == 0, said
    assert (card.state().pin, card.state().pin_tries_left) == (NEW, 3)


async def test_pkcs15_tool_finds_no_puk(card: GidsCard) -> None:
    card.lock()
    unblock = ("--unblock-pin", "--puk", "12345678", "--new-pin", NEW)
    assert (await opensc("pkcs15-tool", *unblock))[0] != 0
    assert (card.state().locked, card.state().pin) == (True, PIN)


async def test_opensc_and_our_family_see_the_same_card(card: GidsCard) -> None:
    assert not await verifies(NEW)
    async with opened(GidsFamily()) as found:
        assert found.id.serial == "000102030405060708090A0B0C0D0E0F"
        assert await found.tries_left() == 2
        with pytest.raises(WrongPasscode) as caught:
            await found.verify(SecretStr(NEW))
        assert caught.value.tries_left == 1
    code, said = await opensc("pkcs15-tool", "--list-pins")
    assert code == 0, said
    assert "Tries left     : 1" in said
    card.lock()
    async with opened(GidsFamily()) as found:
        await found.reset_passcode(SecretBytes(KEY), SecretStr(NEW))
    assert await verifies(NEW)
    assert await unblocks(KEY, PIN)
    async with opened(GidsFamily()) as found:
        await found.verify(SecretStr(PIN))
        await found.prove_by_secret(SecretBytes(KEY))


async def test_gids_tool_changes_the_admin_key_and_ours_unlocks_with_the_new_one(card: GidsCard) -> None:
    change = ("--change-admin-key", "--admin-key", KEY.hex(), "--new-admin-key", OTHER.hex())
    code, said = await opensc("gids-tool", *change)
    assert code == 0, said
    card.lock()
    async with opened(GidsFamily()) as found:
        with pytest.raises(WrongUnblockSecret):
            await found.reset_passcode(SecretBytes(KEY), SecretStr(NEW))
        await found.reset_passcode(SecretBytes(OTHER), SecretStr(NEW))
    assert await verifies(NEW)


async def test_a_card_that_gids_tool_initialised_is_known_and_unlocked(pcsc_service: PcscService) -> None:
    number = "00112233445566778899AABBCCDDEEFF"
    async with plugged(pcsc_service, GidsCard(initialised=False)) as card:
        chosen = ("--admin-key", KEY.hex(), "--pin", PIN, "--serial-number", number)
        code, said = await opensc("gids-tool", "--initialize", *chosen)
        assert code == 0, said
        assert card.state().initialised
        card.lock()
        async with opened(GidsFamily()) as found:
            assert found.id.serial == number
            assert await found.tries_left() == 0
            await found.prove_by_secret(SecretBytes(KEY))
            await found.reset_passcode(SecretBytes(KEY), SecretStr(NEW))
            assert await found.certificate_expiry() is None
        assert await verifies(NEW)
