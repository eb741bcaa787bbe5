"""Derived unblock secrets: by the vectors of NIST, by openssl, and as docs/secrets.md says."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretBytes

from cardio.applets.gids import GidsFamily
from cardio.applets.openpgp import OpenPgpFamily
from cardio.applets.piv import PivFamily
from cardio.card import CardId, Family
from cardio.secret import SecretFormat
from kiosk.card_settings import Diversify
from kiosk.diversify import Derivation, derive, fixed_data

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "secrets.md"
MASTER = SecretBytes(bytes(range(32)))
GUID = "8F1C2A6E0D4B4C1F9A5E7B3D2C4F6A52"
PIV = CardId("piv", "guid", GUID)

# The first of NIST's CAVP vectors (KBKDF in counter mode, counter of 32 bits before the fixed input) of
# each PRF and length: master key, fixed input, output.
VECTORS = {
    "cmac-aes128, 128 bits": (
        "cmac-aes",
        "c10b152e8c97b77e18704e0f0bd38305",
        "98cd4cbbbebe15d17dc86e6dbad800a2dcbd64f7c7ad0e78e9cf94ffdba89d03e97eadf6c4f7b806caf52aa38f09d0eb71d71f49"
        "7bcc6906b48d36c4",
        "26faf61908ad9ee881b8305c221db53f",
    ),
    "cmac-aes128, 256 bits": (
        "cmac-aes",
        "695f1b1a16c949cea51cdf2554ec9d42",
        "4fce5942832a390aa1cbe8a0bf9d202cb799e986c9d6b51f45e4d597a6b57f06a4ebfec6467335d116b7f5f9c5b954062f661820"
        "f5db2a5bbb3e0625",
        "d34b601ec18c34dfa0f9e0b7523e218bdddb9befe8d08b6c0202d75ace0dba89",
    ),
    "cmac-aes192, 256 bits": (
        "cmac-aes",
        "dc866a038c4f78f22d46caca65892bcdb15c1eb49b275827",
        "b4a123bad4890c7a791f5e192bd8b6e9c8c3620329f99249f11e1eb517a5b27b9e5b047a6591b45f6fff53e6d04b32d82e052af2"
        "eb8519bd21c10f93",
        "731a2e23ab2e58551490254041ee8fabd9c5a1918d76307f1048535be0763b20",
    ),
    "cmac-aes256, 256 bits": (
        "cmac-aes",
        "d54b6fd94f7cf98fd955517f937e9927f9536caebe148fba1818c1ba46bba3a4",
        "94c4a0c69526196c1377cebf0a2ae0fb4b57797c61bea8eeb0518ca08652d14a5e1bd1b116b1794ac8a476acbdbbcd4f6142d7b8"
        "515bad09ec72f7af",
        "2e1efed4aef3fdd324e098c0a07c0d97f8fd2c748a996ce29861ca042474daea",
    ),
    "hmac-sha256, 128 bits": (
        "hmac-sha256",
        "dd1d91b7d90b2bd3138533ce92b272fbf8a369316aefe242e659cc0ae238afe0",
        "01322b96b30acd197979444e468e1c5c6859bf1b1cf951b7e725303e237e46b864a145fab25e517b08f8683d0315bb2911d80a0e"
        "8aba17f3b413faac",
        "10621342bfb0fd40046c0e29f2cfdbf0",
    ),
    "hmac-sha256, 256 bits": (
        "hmac-sha256",
        "e204d6d466aad507ffaf6d6dab0a5b26152c9e21e764370464e360c8fbc765c6",
        "7b03b98d9f94b899e591f3ef264b71b193fba7043c7e953cde23bc5384bc1a6293580115fae3495fd845dadbd02bd6455cf48d0f"
        "62b33e62364a3a80",
        "770dfab6a6a4a4bee0257ff335213f78d8287b4fd537d5c1fffa956910e7c779",
    ),
}


@pytest.mark.parametrize(("kdf", "master", "fixed", "output"), VECTORS.values(), ids=VECTORS)
def test_the_vectors_of_nist(kdf: str, master: str, fixed: str, output: str) -> None:
    expected = bytes.fromhex(output)
    key = SecretBytes(bytes.fromhex(master))
    assert derive(kdf, key, bytes.fromhex(fixed), len(expected)) == expected


@pytest.mark.parametrize("length", [8, 24, 32, 40])
@pytest.mark.parametrize(("kdf", "mac"), [("hmac-sha256", "HMAC"), ("cmac-aes", "CMAC")])
def test_openssl_derives_the_same(kdf: str, mac: str, length: int) -> None:
    prf = ["digest:SHA256"] if mac == "HMAC" else ["cipher:AES-256-CBC"]
    options = [
        f"mac:{mac}",
        *prf,
        f"hexkey:{MASTER.get_secret_value().hex()}",
        "salt:a label",
        f"hexinfo:{GUID}",
    ]
    command = ["openssl", "kdf", "-keylen", str(length)]
    for option in options:
        command += ["-kdfopt", option]
    done = subprocess.run([*command, "KBKDF"], capture_output=True, text=True, check=True)
    fixed = fixed_data(b"a label", bytes.fromhex(GUID), length)
    assert derive(kdf, MASTER, fixed, length).hex(":").upper() == done.stdout.strip()


def test_the_example_of_the_document() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    command = re.search(r"    (openssl kdf .*?KBKDF)", text, re.DOTALL)
    assert command
    arguments = shlex.split(command[1].replace("\\\n", " "))
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert f"prints `{done.stdout.strip()}`" in text
    puk = Derivation(Diversify(), MASTER, PivFamily().secret).secret(PIV)
    assert f"the PUK is `{puk.get_secret_value().decode()}`" in text
    assert puk.get_secret_value() == bytes(0x30 + int(byte, 16) % 10 for byte in done.stdout.split(":"))


@pytest.mark.parametrize(
    ("card", "context", "expected"),
    [
        (PIV, "serial-bytes", bytes.fromhex(GUID)),
        (PIV, "serial-text", GUID.encode()),
        (PIV, "card-id", f"piv:guid:{GUID}".encode()),
        (CardId("piv", "yubikey-serial", "7000001"), "serial-bytes", b"7000001"),
        (CardId("openpgp", "serial", "000600000001"), "serial-bytes", bytes.fromhex("000600000001")),
        (CardId("badge", "serial", "0102"), "serial-bytes", b"0102"),
    ],
)
def test_what_the_context_is(card: CardId, context: Any, expected: bytes) -> None:
    found = SecretFormat("PUK", (8,), 8, written="hex")
    secret = Derivation(Diversify(context=context, label="L"), MASTER, found).secret(card)
    assert secret.get_secret_value() == derive("hmac-sha256", MASTER, fixed_data(b"L", expected, 8), 8)


@pytest.mark.parametrize(
    "family", [PivFamily(), OpenPgpFamily("resetting-code"), GidsFamily()], ids=["piv", "openpgp", "gids"]
)
def test_a_derived_secret_is_one_that_the_card_takes(family: Family) -> None:
    derivation = Derivation(Diversify(), MASTER, family.secret)
    cards = [CardId(family.name, "serial", f"{number:012X}") for number in range(50)]
    secrets = [derivation.secret(card) for card in cards]
    assert all(family.secret.accepts(secret) for secret in secrets)
    assert len({secret.get_secret_value() for secret in secrets}) == 50


@pytest.mark.parametrize(("kdf", "length"), [("cmac-aes", 20), ("hmac-sha256", 15), ("hmac-sha256", 65)])
def test_a_master_key_of_a_wrong_length_is_none(kdf: Any, length: int) -> None:
    with pytest.raises(ValueError, match="no master key"):
        Derivation(Diversify(kdf=kdf), SecretBytes(bytes(length)), PivFamily().secret)


@pytest.mark.parametrize(
    "other", [Diversify(label="another"), Diversify(context="card-id"), Diversify(kdf="cmac-aes")]
)
def test_every_setting_makes_other_secrets(other: Diversify) -> None:
    one, two = (Derivation(rules, MASTER, PivFamily().secret).secret(PIV) for rules in (Diversify(), other))
    assert one != two
