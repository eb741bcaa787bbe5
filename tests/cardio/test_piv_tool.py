"""OpenSC's piv-tool and pkcs15-tool against the virtual PIV card, on a real pcscd."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key, load_pem_public_key
from pydantic import SecretBytes, SecretStr

from cardio.applets.piv import PivFamily
from cardio.applets.piv_certificate import piv_trust
from cardio.card import KeyUse
from cardio.errors import NotGenuine, WrongPasscode
from cardio.virtual.piv import PivCard
from cardio.virtual.piv_ca import CardCa, CardNumbers
from cardio.virtual.piv_keys import Algorithm
from tests.cardio.opensc import opensc
from tests.cardio.slot import opened, plugged
from tests.pcscd import PcscService

pytestmark = pytest.mark.xdist_group("pcscd")

PIN, NEW, PUK = "135791", "86420975", "31415926"
KEYS = {0x03: bytes(range(0x10, 0x28)), 0x08: bytes(range(16)), 0x0C: bytes(range(32))}
NOW = datetime.now(UTC)


@pytest.fixture
async def card(pcsc_service: PcscService) -> AsyncIterator[PivCard]:
    """A card whose passcode, PUK and management key are not the ones from the factory."""
    card = PivCard(pin=PIN, puk=PUK, fasc_n=bytes(range(1, 26)), management_key=KEYS[0x03])
    async with plugged(pcsc_service, card):
        yield card


async def as_admin(
    folder: Path, *arguments: str, key: bytes = KEYS[0x03], algorithm: int = 0x03
) -> tuple[int, str]:
    """Run piv-tool after mutual authentication with the management key."""
    file = folder / "management-key"
    file.write_text(key.hex(":"))
    admin = ("--admin", f"M:9B:{algorithm:02X}")
    return await opensc("piv-tool", *admin, *arguments, PIV_EXT_AUTH_KEY=str(file))


async def test_piv_tool_knows_the_card(card: PivCard) -> None:
    code, said = await opensc("piv-tool", "--name", "--serial")
    assert code == 0, said
    assert "Personal Identity Verification Card" in said
    assert bytes(range(1, 17)).hex(" ").upper() in said  # the FASC-N


@pytest.mark.parametrize("algorithm", KEYS)
async def test_the_management_key_is_proven_to_both_sides(
    pcsc_service: PcscService, tmp_path: Path, algorithm: int
) -> None:
    right = KEYS[algorithm]
    made = PivCard(management_key=right, management_algorithm=algorithm)
    async with plugged(pcsc_service, made):
        code, said = await as_admin(tmp_path, key=right, algorithm=algorithm)
        assert code == 0, said
        code, said = await as_admin(tmp_path, key=right[::-1], algorithm=algorithm)
        assert code != 0
        assert "admin_mode failed" in said


async def test_what_piv_tool_writes_our_family_reads(card: PivCard, tmp_path: Path) -> None:
    chuid, guid = tmp_path / "chuid", bytes(range(0x40, 0x50))
    chuid.write_bytes(bytes.fromhex("53143410") + guid + bytes.fromhex("FE00"))
    assert (await opensc("piv-tool", "--object", "3000", "--in", str(chuid)))[0] != 0  # without the key
    async with opened(PivFamily()) as found:
        assert found.id.serial == card.guid.hex().upper()
    await as_admin(tmp_path, "--object", "3000", "--in", str(chuid))
    async with opened(PivFamily()) as found:
        assert found.id.serial == guid.hex().upper()


async def test_a_key_that_piv_tool_makes_signs_with_the_certificate_it_stores(
    card: PivCard, tmp_path: Path
) -> None:
    async with opened(PivFamily()) as found:
        before = await found.offered_key(KeyUse.FREE)
        assert before is not None
    written = tmp_path / "public.pem"
    code, said = await as_admin(tmp_path, "--genkey", "9E:07", "--out", str(written))
    made = card.card_key_der
    assert made is not None
    public = load_der_public_key(made)
    if code == 0:
        assert load_pem_public_key(written.read_bytes()) == public
    else:  # OpenSC 0.23 has its own troubles in writing the key down, with OpenSSL 3
        assert "unable to gen RSA" in said
    ca, file = CardCa(), tmp_path / "certificate.pem"
    numbers, ends = CardNumbers(card.guid), NOW + timedelta(days=300)
    issued = x509.load_der_x509_certificate(ca.card_authentication(public, numbers, ends))  # type: ignore[arg-type]
    file.write_bytes(issued.public_bytes(Encoding.PEM))
    await as_admin(tmp_path, "--cert", "9E", "--in", str(file))
    async with opened(PivFamily()) as found:
        offered = await found.offered_key(KeyUse.FREE)
        assert offered is not None
        assert offered.public_key == made != before.public_key
        assert offered.certificate == issued.public_bytes(Encoding.DER)
        piv_trust(ca.pem, NOW).verify(offered.certificate, found.id, KeyUse.FREE, NOW)
        await found.prove(KeyUse.FREE, offered.public_key)
        with pytest.raises(NotGenuine):
            await found.prove(KeyUse.FREE, before.public_key)


async def test_pkcs15_tool_reads_the_certificate_of_a_virtual_ca(pcsc_service: PcscService) -> None:
    card = PivCard(issuer=CardCa(), card_key=Algorithm.RSA_2048)
    async with plugged(pcsc_service, card):
        code, said = await opensc("pkcs15-tool", "--read-certificate", "04")
        assert code == 0, said
        pem = said[said.index("-----BEGIN") :]
        found = x509.load_pem_x509_certificate(pem.encode()).public_key()
        assert card.card_key_der is not None
        assert found == load_der_public_key(card.card_key_der)


async def test_pkcs15_tool_verifies_changes_and_unblocks(card: PivCard) -> None:
    assert (await opensc("pkcs15-tool", "--verify-pin", "--pin", PIN))[0] == 0
    assert (await opensc("pkcs15-tool", "--verify-pin", "--pin", NEW))[0] != 0
    assert card.state().pin_tries_left == 2
    card.lock()
    unblock = ("--unblock-pin", "--auth-id", "01", "--new-pin", NEW, "--puk")
    assert (await opensc("pkcs15-tool", *unblock, "00000000"))[0] != 0
    assert (card.state().puk_tries_left, card.state().locked) == (2, True)
    code, said = await opensc("pkcs15-tool", *unblock, PUK)
    assert code == 0, said
    assert (await opensc("pkcs15-tool", "--change-pin", "--pin", NEW, "--new-pin", PIN))[0] == 0
    assert (card.state().pin, card.state().pin_tries_left, card.state().puk_tries_left) == (PIN, 3, 3)


async def test_opensc_and_our_family_see_the_same_card(card: PivCard) -> None:
    assert (await opensc("pkcs15-tool", "--verify-pin", "--pin", NEW))[0] != 0
    async with opened(PivFamily()) as found:
        assert await found.tries_left() == 2
        with pytest.raises(WrongPasscode):
            await found.verify(SecretStr(NEW))
    assert card.state().pin_tries_left == 1
    card.lock()
    async with opened(PivFamily()) as found:
        await found.reset_passcode(SecretBytes(PUK.encode()), SecretStr(NEW))
    assert (await opensc("pkcs15-tool", "--verify-pin", "--pin", NEW))[0] == 0
