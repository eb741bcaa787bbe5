"""Our families on cards that others wrote, on a real pcscd: what the standards promise, and no more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from pydantic import SecretBytes, SecretStr

from cardio.applets.gids import GidsFamily
from cardio.applets.openpgp import OpenPgpFamily
from cardio.applets.piv import PivFamily
from cardio.card import Card, KeyUse
from cardio.errors import (
    NotGenuine,
    PasscodeLocked,
    UnblockSecretLocked,
    WrongPasscode,
    WrongUnblockSecret,
)
from tests.cardio.opensc import opensc
from tests.cardio.slot import opened
from tests.foreign.cards import foreign_card
from tests.pcscd import PcscService

pytestmark = pytest.mark.xdist_group("pcscd")

PIN, NEW, WRONG = SecretStr("123456"), SecretStr("80642975"), SecretStr("999999")
CODE, ADMIN, WRONG_CODE = SecretBytes(b"31415926"), SecretBytes(b"12345678"), SecretBytes(b"27182818")
PUK, NEW_PUK = SecretBytes(b"12345678"), SecretBytes(b"86427531")
GUID = "00112233-4455-6677-8899-aabbccddeeff"

with_openpgp = pytest.mark.parametrize("name", ["jcecard_card", "smartcard_openpgp"])
by_either = pytest.mark.parametrize(
    ("family", "secret"),
    [(OpenPgpFamily("resetting-code"), CODE), (OpenPgpFamily("admin-pin"), ADMIN)],
    ids=["resetting-code", "admin-pin"],
)


async def is_locked_by_wrong_ones(card: Card) -> None:
    """Spend every try; each refusal tells how many are left."""
    for left in (2, 1):
        with pytest.raises(WrongPasscode) as caught:
            await card.verify(WRONG)
        assert caught.value.tries_left == left == await card.tries_left()
    for passcode in (WRONG, PIN):
        with pytest.raises(PasscodeLocked):
            await card.verify(passcode)
    assert await card.tries_left() == 0


async def counts_down(
    attempt: Callable[[], Awaitable[None]], left: Callable[[], Awaitable[int | None]]
) -> None:
    """Two wrong unblock secrets are wrong, the third locks."""
    for expected in (2, 1):
        with pytest.raises(WrongUnblockSecret) as caught:
            await attempt()
        assert caught.value.tries_left == expected
        assert await left() in (expected, None)
    for _ in range(2):
        with pytest.raises(UnblockSecretLocked):
            await attempt()


# -- OpenPGP --------------------------------------------------------------------------------------


@with_openpgp
@by_either
async def test_an_openpgp_card_is_locked_and_unlocked(
    pcsc_service: PcscService, name: str, family: OpenPgpFamily, secret: SecretBytes
) -> None:
    async with foreign_card(pcsc_service, name, serial="12345678", resetting_code="31415926") as foreign:
        async with opened(family) as card:
            assert str(card.id) == "openpgp:serial:FFFE12345678"
            assert await card.tries_left() == await card.unblock_tries_left() == 3
            assert await card.offered_key(KeyUse.PASSCODE) is None
            assert await card.certificate_expiry() is None
            await card.verify(PIN)
            await is_locked_by_wrong_ones(card)
        await foreign.pull()
        await foreign.insert()
        async with opened(family) as card:
            assert str(card.id) == "openpgp:serial:FFFE12345678"
            with pytest.raises(WrongUnblockSecret):
                await card.reset_passcode(WRONG_CODE, NEW)
            assert (await card.tries_left(), await card.unblock_tries_left()) == (0, 2)
            await card.reset_passcode(secret, NEW)
            assert await card.tries_left() == await card.unblock_tries_left() == 3
            await card.verify(NEW)
            await card.change_passcode(NEW, PIN)
            await card.verify(PIN)
            with pytest.raises(WrongPasscode):
                await card.verify(NEW)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("jcecard_card", "rsa2048"),
        ("jcecard_card", "ed25519"),
        ("smartcard_openpgp", "rsa2048"),
        ("smartcard_openpgp", "p256"),
    ],
)
async def test_an_openpgp_card_proves_its_key_after_the_passcode(
    pcsc_service: PcscService, name: str, key: str
) -> None:
    async with foreign_card(pcsc_service, name, key=key):
        async with opened(OpenPgpFamily()) as card:
            offered = await card.offered_key(KeyUse.PASSCODE)
            assert offered is not None
            OpenPgpFamily().check_key(KeyUse.PASSCODE, offered.public_key)
            with pytest.raises(NotGenuine):
                await card.prove(KeyUse.PASSCODE, offered.public_key)
            await card.verify(PIN)
            for _ in range(2):
                await card.prove(KeyUse.PASSCODE, offered.public_key)
        async with opened(OpenPgpFamily()) as card:
            with pytest.raises(NotGenuine):  # what was verified ended with its session
                await card.prove(KeyUse.PASSCODE, offered.public_key)
    async with foreign_card(pcsc_service, name, key=key), opened(OpenPgpFamily()) as card:
        await card.verify(PIN)
        with pytest.raises(NotGenuine):  # another card with the same number
            await card.prove(KeyUse.PASSCODE, offered.public_key)


@with_openpgp
async def test_an_openpgp_card_without_a_resetting_code_gets_one(
    pcsc_service: PcscService, name: str
) -> None:
    async with foreign_card(pcsc_service, name, locked=True), opened(OpenPgpFamily()) as card:
        assert (await card.tries_left(), await card.unblock_tries_left()) == (0, 0)
        with pytest.raises(UnblockSecretLocked):
            await card.reset_passcode(CODE, NEW)
        with pytest.raises(WrongUnblockSecret):
            await card.replace_secret(WRONG_CODE, CODE)
        assert await card.authority_tries_left() == 2
        await card.replace_secret(ADMIN, CODE)
        assert (await card.authority_tries_left(), await card.unblock_tries_left()) == (3, 3)
        await card.reset_passcode(CODE, NEW)
        await card.verify(NEW)


@with_openpgp
@by_either
async def test_the_unblock_secret_of_an_openpgp_card_locks(
    pcsc_service: PcscService, name: str, family: OpenPgpFamily, secret: SecretBytes
) -> None:
    plugged = foreign_card(pcsc_service, name, resetting_code="31415926", locked=True)
    async with plugged, opened(family) as card:
        await counts_down(lambda: card.reset_passcode(WRONG_CODE, NEW), card.unblock_tries_left)
        with pytest.raises(UnblockSecretLocked):
            await card.reset_passcode(secret, NEW)
        assert (await card.tries_left(), await card.unblock_tries_left()) == (0, 0)


@with_openpgp
async def test_opensc_agrees_with_our_unlock_of_an_openpgp_card(pcsc_service: PcscService, name: str) -> None:
    async with foreign_card(pcsc_service, name, resetting_code="31415926", locked=True):
        async with opened(OpenPgpFamily()) as card:
            await card.reset_passcode(CODE, NEW)
        right = await opensc("openpgp-tool", "--verify", "CHV2", "--pin", NEW.get_secret_value())
        assert right[0] == 0, right[1]
        assert (await opensc("openpgp-tool", "--verify", "CHV2", "--pin", "123456"))[0] != 0
        async with opened(OpenPgpFamily()) as card:
            assert await card.tries_left() == 2


# -- PIV ------------------------------------------------------------------------------------------


async def test_a_piv_card_is_locked_and_unlocked(pcsc_service: PcscService) -> None:
    async with foreign_card(pcsc_service, "jcecard_card", guid=GUID), opened(PivFamily()) as card:
        assert str(card.id) == "piv:guid:00112233445566778899AABBCCDDEEFF"
        await card.verify(PIN)
        await is_locked_by_wrong_ones(card)
        with pytest.raises(WrongUnblockSecret) as caught:
            await card.reset_passcode(WRONG_CODE, NEW)
        assert caught.value.tries_left == 2
        await card.reset_passcode(PUK, NEW)
        assert await card.tries_left() == 3
        await card.verify(NEW)
        await card.change_passcode(NEW, PIN)
        await card.verify(PIN)
        assert await card.certificate_expiry() is not None


async def test_a_piv_card_proves_its_keys(pcsc_service: PcscService) -> None:
    async with foreign_card(pcsc_service, "jcecard_card", guid=GUID), opened(PivFamily()) as card:
        keys = {use: await card.offered_key(use) for use in KeyUse}
        free, passcode = keys[KeyUse.FREE], keys[KeyUse.PASSCODE]
        assert free is not None
        assert passcode is not None
        await card.prove(KeyUse.FREE, free.public_key)
        with pytest.raises(NotGenuine):
            await card.prove(KeyUse.PASSCODE, passcode.public_key)
        await card.verify(PIN)
        await card.prove(KeyUse.PASSCODE, passcode.public_key)
    async with foreign_card(pcsc_service, "jcecard_card", guid=GUID), opened(PivFamily()) as card:
        with pytest.raises(NotGenuine):  # another card with the same number
            await card.prove(KeyUse.FREE, free.public_key)


async def test_the_puk_of_a_piv_card_is_checked_replaced_and_locked(pcsc_service: PcscService) -> None:
    plugged = foreign_card(pcsc_service, "jcecard_card", guid=GUID, locked=True)
    async with plugged, opened(PivFamily()) as card:
        with pytest.raises(WrongUnblockSecret):
            await card.check_secret(WRONG_CODE)
        await card.check_secret(PUK)
        await card.replace_secret(PUK, NEW_PUK)
        await counts_down(lambda: card.reset_passcode(PUK, NEW), card.unblock_tries_left)
        with pytest.raises(UnblockSecretLocked):
            await card.reset_passcode(NEW_PUK, NEW)
        assert await card.tries_left() == 0


async def test_both_applications_of_one_card_go_by_the_order_of_the_families(
    pcsc_service: PcscService,
) -> None:
    async with foreign_card(pcsc_service, "jcecard_card", guid=GUID):
        async with opened(PivFamily(), OpenPgpFamily()) as card:
            assert card.id.family == "piv"
            await card.verify(PIN)
        async with opened(OpenPgpFamily(), PivFamily()) as card:
            assert card.id.family == "openpgp"
            with pytest.raises(WrongPasscode):
                await card.verify(WRONG)
            assert await card.tries_left() == 2
        async with opened(PivFamily()) as card:
            assert await card.tries_left() == 3  # the passcode of the other application is not its own


async def test_a_piv_card_without_a_chuid_is_known_by_its_serial(pcsc_service: PcscService) -> None:
    async with foreign_card(pcsc_service, "jcecard_card", serial="00BC614E"), opened(PivFamily()) as card:
        assert str(card.id) == "piv:yubikey-serial:12345678"


async def test_looking_for_piv_disturbs_no_openpgp_card(pcsc_service: PcscService) -> None:
    plugged = foreign_card(pcsc_service, "smartcard_openpgp", serial="12345678", resetting_code="31415926")
    async with plugged, opened(PivFamily(), GidsFamily(), OpenPgpFamily()) as card:
        assert str(card.id) == "openpgp:serial:FFFE12345678"
        assert await card.tries_left() == await card.unblock_tries_left() == 3
        await card.verify(PIN)
