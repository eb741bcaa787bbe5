from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretBytes

from kiosk.vault import Sealed, Vault, VaultError

KEY = SecretBytes(bytes(range(32)))
PUK = SecretBytes(b"31415926")


@pytest.fixture
def vault() -> Vault:
    return Vault(KEY, "k1")


@given(st.binary(max_size=64))
def test_what_is_sealed_opens(secret: bytes) -> None:
    vault = Vault(KEY, "k1")
    sealed = vault.seal("card", "puk", SecretBytes(secret))
    assert vault.open("card", "puk", sealed).get_secret_value() == secret


def test_it_is_aes_256_gcm_with_key_card_and_field_bound(vault: Vault) -> None:
    sealed = vault.seal("card", "puk", PUK)
    plain = AESGCM(KEY.get_secret_value()).decrypt(sealed.nonce, sealed.ciphertext, b"k1|card|puk")
    assert (plain, len(sealed.nonce)) == (b"31415926", 12)


def test_equal_secrets_are_sealed_differently(vault: Vault) -> None:
    first, second = vault.seal("card", "puk", PUK), vault.seal("card", "puk", PUK)
    assert first.nonce != second.nonce
    assert first.ciphertext != second.ciphertext


@pytest.mark.parametrize(("card", "field"), [("other", "puk"), ("card", "admin-key"), ("", "puk")])
def test_a_row_moved_to_another_place_does_not_open(vault: Vault, card: str, field: str) -> None:
    with pytest.raises(VaultError, match="another card"):
        vault.open(card, field, vault.seal("card", "puk", PUK))


def test_no_flipped_bit_goes_unseen(vault: Vault) -> None:
    sealed = vault.seal("card", "puk", PUK)
    damaged = [replace(sealed, nonce=nonce) for nonce in flipped(sealed.nonce)]
    damaged += [replace(sealed, ciphertext=ciphertext) for ciphertext in flipped(sealed.ciphertext)]
    assert len(damaged) == 8 * (12 + 8 + 16)
    for row in damaged:
        with pytest.raises(VaultError):
            vault.open("card", "puk", row)


def flipped(content: bytes) -> Iterator[bytes]:
    """The content with one bit changed, for each of its bits."""
    number = int.from_bytes(content, "big")
    for bit in range(8 * len(content)):
        yield (number ^ 1 << bit).to_bytes(len(content), "big")


@pytest.mark.parametrize(
    "damaged", [Sealed("k1", b"", b""), Sealed("k1", b"x" * 12, b""), Sealed("k1", b"x" * 12, b"y" * 15)]
)
def test_a_truncated_row_does_not_open(vault: Vault, damaged: Sealed) -> None:
    with pytest.raises(VaultError):
        vault.open("card", "puk", damaged)


def test_another_key_is_named_or_fails(vault: Vault) -> None:
    sealed = vault.seal("card", "puk", PUK)
    other = SecretBytes(bytes(32))
    with pytest.raises(VaultError, match="sealed with key 'k1', but the key here is 'k2'"):
        Vault(other, "k2").open("card", "puk", sealed)
    with pytest.raises(VaultError, match="another key"):
        Vault(other, "k1").open("card", "puk", sealed)


def test_names_cannot_run_into_each_other(vault: Vault) -> None:
    with pytest.raises(ValueError, match="cannot contain"):
        vault.seal("card|puk", "", PUK)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(SecretBytes(bytes(length)), "k1")


def test_nothing_shows_the_secret(vault: Vault) -> None:
    sealed = vault.seal("card", "puk", PUK)
    shown = f"{vault!r} {sealed!r} {vault.open('card', 'puk', sealed)!r}"
    assert "31415926" not in shown
    assert sealed.ciphertext.hex() not in shown
