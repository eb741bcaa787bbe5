"""Independent clients against the virtual OpenPGP card, on a real pcscd, and our family beside them."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import SecretBytes, SecretStr

from cardio.applets.openpgp import OpenPgpFamily
from cardio.applets.openpgp_kdf import Password
from cardio.card import KeyUse
from cardio.errors import WrongPasscode
from cardio.virtual.openpgp import OpenPgpCard
from cardio.virtual.openpgp_keys import Algorithm
from tests.cardio.openpgp_clients import Gpg, gpg_home
from tests.cardio.opensc import opensc
from tests.cardio.slot import opened, plugged
from tests.pcscd import PcscService

pytestmark = pytest.mark.xdist_group("pcscd")

PIN, NEW, CODE, ADMIN = "135791", "86420975", "27182818", "31415926"
FACTORY_PIN, FACTORY_ADMIN = "123456", "12345678"


@pytest.fixture
async def card(pcsc_service: PcscService) -> AsyncIterator[OpenPgpCard]:
    """A card whose passwords are not the ones from the factory."""
    card = OpenPgpCard(pin=PIN, resetting_code=CODE, admin_pin=ADMIN, manufacturer=6, serial=0x12345678)
    async with plugged(pcsc_service, card):
        yield card


@pytest.fixture
async def gpg() -> AsyncIterator[Gpg]:
    async with gpg_home() as gpg:
        yield gpg


# -- GnuPG --------------------------------------------------------------------------------------


async def test_gpg_reads_the_status(card: OpenPgpCard, gpg: Gpg) -> None:
    said = await gpg.run("--card-status")
    assert "Application ID ...: D2760001240103040006123456780000" in said
    assert "Key attributes ...: nistp256 nistp256 nistp256" in said
    assert "PIN retry counter : 3 3 3" in said
    assert "KDF setting ......: off" in said


async def test_gpg_changes_and_unblocks(card: OpenPgpCard, gpg: Gpg) -> None:
    await gpg.edit_card(["passwd"], [PIN, NEW, NEW])
    assert card.state().pin == NEW
    card.lock()
    await gpg.edit_card(["unblock"], [CODE, PIN, PIN])
    assert (card.state().pin, card.state().pin_tries_left) == (PIN, 3)


async def test_gpg_as_the_issuer(card: OpenPgpCard, gpg: Gpg) -> None:
    card.lock()
    passwords = [ADMIN, NEW, NEW, ADMIN, "99887766", "99887766", ADMIN, "5544332211", "5544332211"]
    await gpg.edit_card(["admin", "passwd"], passwords, menu=["2", "4", "3", "q"])
    state = card.state()
    assert (state.pin, state.resetting_code, state.admin_pin) == (NEW, "99887766", "5544332211")
    assert (state.pin_tries_left, state.code_tries_left, state.admin_tries_left) == (3, 3, 3)


@pytest.mark.parametrize("salts", ["kdf-setup", "kdf-setup single"])
async def test_gpg_switches_kdf_on_and_our_family_unlocks(
    pcsc_service: PcscService, gpg: Gpg, salts: str
) -> None:
    async with plugged(pcsc_service, OpenPgpCard(algorithm=None)) as card:
        passwords = [FACTORY_ADMIN, FACTORY_ADMIN, CODE, CODE]
        await gpg.edit_card(["admin", salts, "passwd"], passwords, menu=["4", "q"])
        assert card.knows(Password.RESETTING_CODE, CODE)
        async with opened(OpenPgpFamily()) as found:
            await found.verify(SecretStr(FACTORY_PIN))
            with pytest.raises(WrongPasscode):
                await found.verify(SecretStr(NEW))
            card.lock()
            await found.reset_passcode(SecretBytes(CODE.encode()), SecretStr(PIN))
        async with opened(OpenPgpFamily("admin-pin")) as found:
            await found.replace_secret(SecretBytes(FACTORY_ADMIN.encode()), SecretBytes(ADMIN.encode()))
        await gpg.edit_card(["passwd"], [PIN, NEW, NEW])
        assert card.knows(Password.PW1, NEW)
        assert card.knows(Password.PW3, ADMIN)
        assert card.state().code_tries_left == 3


async def test_gpg_makes_keys_and_ours_finds_the_one_for_authentication(
    pcsc_service: PcscService, gpg: Gpg, tmp_path: Path
) -> None:
    async with plugged(pcsc_service, OpenPgpCard(pin=ADMIN, admin_pin=ADMIN)) as card:
        answers = {
            "replace_keys": "y",
            "valid": "0",
            "name": "A Holder",
            "email": "a@example.org",
            "comment": "",
        }
        await gpg.edit_card(["admin", "generate"], [ADMIN, ADMIN], **answers)
        signed, signature = tmp_path / "signed", tmp_path / "signature"
        signed.write_bytes(b"by a card")
        await gpg.run("--output", str(signature), "--detach-sign", str(signed), passwords=[ADMIN])
        assert "GOODSIG" in await gpg.run("--verify", str(signature), str(signed))
        async with opened(OpenPgpFamily()) as found:
            key = await found.offered_key(KeyUse.PASSCODE)
            assert key is not None
            assert key.public_key == card.authentication_key_der
            await found.verify(SecretStr(ADMIN))
            await found.prove(KeyUse.PASSCODE, key.public_key)


async def test_gpg_resets_the_card_to_the_factory(card: OpenPgpCard, gpg: Gpg) -> None:
    await gpg.edit_card(["admin", "factory-reset"], proceed="y", really="yes")
    state = card.state()
    assert (state.pin, state.resetting_code, state.admin_pin) == (FACTORY_PIN, "", FACTORY_ADMIN)
    assert (state.pin_tries_left, state.code_tries_left, state.admin_tries_left) == (3, 0, 3)
    assert card.authentication_key_der is None


async def test_gpg_agrees_with_an_unlock_of_ours(card: OpenPgpCard, gpg: Gpg) -> None:
    card.lock()
    async with opened(OpenPgpFamily()) as found:
        await found.reset_passcode(SecretBytes(CODE.encode()), SecretStr(NEW))
    await gpg.edit_card(["passwd"], [NEW, PIN, PIN])
    async with opened(OpenPgpFamily("admin-pin")) as found:
        await found.reset_passcode(SecretBytes(ADMIN.encode()), SecretStr(NEW))
    await gpg.edit_card(["passwd"], [NEW, PIN, PIN])
    assert "PIN retry counter : 3 3 3" in await gpg.run("--card-status")


# -- OpenSC -------------------------------------------------------------------------------------


async def test_openpgp_tool_reads_and_verifies(card: OpenPgpCard) -> None:
    code, said = await opensc("openpgp-tool", "--card-info", "--user-info")
    assert code == 0, said
    assert "Version:         3.4" in said
    assert "Serial number:   12345678" in said
    assert (await opensc("openpgp-tool", "--verify", "CHV2", "--pin", PIN))[0] == 0
    assert (await opensc("openpgp-tool", "--verify", "CHV2", "--pin", "000000"))[0] != 0
    assert card.state().pin_tries_left == 2
    assert (await opensc("openpgp-tool", "--verify", "CHV3", "--pin", ADMIN))[0] == 0


async def test_pkcs15_tool_changes_and_unblocks(card: OpenPgpCard) -> None:
    card.lock()
    code, said = await opensc("pkcs15-tool", "--list-pins")
    assert code == 0, said
    assert "Tries left     : 0" in said
    unblock = ("--unblock-pin", "--auth-id", "01", "--new-pin", NEW, "--puk")
    assert (await opensc("pkcs15-tool", *unblock, "00000000"))[0] != 0
    assert card.state().code_tries_left == 2
    code, said = await opensc("pkcs15-tool", *unblock, CODE)
    assert code == 0, said
    assert (await opensc("pkcs15-tool", "--verify-pin", "--auth-id", "02", "--pin", NEW))[0] == 0
    assert (await opensc("pkcs15-tool", "--change-pin", "--auth-id", "01", "--pin", NEW, "--new-pin", PIN))[
        0
    ] == 0
    state = card.state()
    assert (state.pin, state.pin_tries_left, state.code_tries_left) == (PIN, 3, 3)


@pytest.mark.parametrize("algorithm", [Algorithm.RSA_2048, Algorithm.ECC_P384])
async def test_opensc_has_the_authentication_key_sign(
    pcsc_service: PcscService, tmp_path: Path, algorithm: Algorithm
) -> None:
    digest, signature = tmp_path / "digest", tmp_path / "signature"
    digest.write_bytes(secrets.token_bytes(32 if algorithm is Algorithm.RSA_2048 else 48))
    async with plugged(pcsc_service, OpenPgpCard(pin=PIN, algorithm=algorithm)) as card:
        form = (
            ["--pkcs1", "--sha-256"] if algorithm is Algorithm.RSA_2048 else ["--signature-format", "openssl"]
        )
        code, said = await opensc(
            "pkcs15-crypt",
            "--key",
            "3",
            "--sign",
            *form,
            "--pin",
            PIN,
            "-i",
            str(digest),
            "-o",
            str(signature),
        )
        assert code == 0, said
        public_key = card.authentication_key_der
    assert public_key is not None
    key, signed = load_der_public_key(public_key), digest.read_bytes()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature.read_bytes(), signed, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature.read_bytes(), signed, ec.ECDSA(Prehashed(hashes.SHA384())))
    except InvalidSignature:
        pytest.fail("OpenSC got a signature that is none")
