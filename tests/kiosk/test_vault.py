"""The vault: AES-256-GCM under data keys of their own, and nothing that was altered or moved opens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretBytes

from kiosk.keyring import ring_in_memory
from kiosk.keys import create_key
from kiosk.vault import Sealed, Vault, VaultError, opened, sealed
from kiosk.wrapping import FileCabinet, MemoryCabinet, SoftwareKey

KEY = SecretBytes(bytes(range(32)))
PUK = SecretBytes(b"31415926")
PRINTS = SecretBytes(b"f" * 32)


@pytest.fixture
def key() -> SoftwareKey:
    """A key-encrypting key."""
    return SoftwareKey(KEY)


@given(st.binary(max_size=64))
def test_what_is_sealed_opens(secret: bytes) -> None:
    key = SoftwareKey(KEY)
    row = sealed(key, "card", "puk", SecretBytes(secret))
    assert opened(key, "card", "puk", row).get_secret_value() == secret


def test_it_is_aes_256_gcm_with_key_card_and_field_bound(key: SoftwareKey) -> None:
    row = sealed(key, "card", "puk", PUK)
    data_key = aes_key_unwrap(KEY.get_secret_value(), row.wrapped_key)
    bound_to = f"{row.key_id}|card|puk".encode()
    assert AESGCM(data_key).decrypt(row.nonce, row.ciphertext, bound_to) == PUK.get_secret_value()


def test_equal_secrets_are_sealed_differently_and_each_under_its_own_key(key: SoftwareKey) -> None:
    first, second = sealed(key, "card", "puk", PUK), sealed(key, "card", "puk", PUK)
    assert first.ciphertext != second.ciphertext
    assert first.wrapped_key != second.wrapped_key


@pytest.mark.parametrize(("card", "field"), [("other", "puk"), ("card", "admin-key"), ("", "puk")])
def test_a_row_moved_to_another_place_does_not_open(key: SoftwareKey, card: str, field: str) -> None:
    with pytest.raises(VaultError, match="another card"):
        opened(key, card, field, sealed(key, "card", "puk", PUK))


@pytest.mark.parametrize("part", ["wrapped_key", "nonce", "ciphertext"])
def test_no_flipped_bit_and_no_cut_goes_unseen(key: SoftwareKey, part: str) -> None:
    row = sealed(key, "card", "puk", PUK)
    content: bytes = getattr(row, part)
    flipped = [
        bytes(byte ^ (1 << bit if at == place else 0) for at, byte in enumerate(content))
        for place in range(len(content))
        for bit in range(8)
    ]
    for altered in [*flipped, *(content[:length] for length in range(len(content)))]:
        with pytest.raises(VaultError):
            opened(key, "card", "puk", altered_row(row, part, altered))


def altered_row(row: Sealed, part: str, content: bytes) -> Sealed:
    """The row with other bytes in one place."""
    return Sealed(**{**vars(row), part: content})


def test_a_data_key_of_another_row_does_not_fit(key: SoftwareKey) -> None:
    one, other = sealed(key, "card", "puk", PUK), sealed(key, "card", "puk", PUK)
    with pytest.raises(VaultError):
        opened(key, "card", "puk", replace(one, wrapped_key=other.wrapped_key))


async def test_another_key_is_named() -> None:
    row = sealed(SoftwareKey(KEY), "card", "puk", PUK)
    other = Vault(MemoryCabinet(SecretBytes(bytes(32))), PRINTS)
    with pytest.raises(VaultError, match=f"sealed with key '{row.key_id}', but the key here is"):
        await other.open("card", "puk", row)
    with pytest.raises(VaultError, match="another key"):
        await other.open("card", "puk", replace(row, key_id=other.keys.newest.key_id))


async def test_a_key_that_is_not_known_yet_is_looked_for(tmp_path: Path) -> None:
    create_key(tmp_path / "vault.key")
    cabinet = FileCabinet(tmp_path, Path("vault.key"), "vault-key")
    running = Vault(cabinet, PRINTS)
    before = await running.seal("card", "puk", PUK)
    cabinet.make_next()
    newer = await Vault(cabinet, PRINTS).seal("card", "puk", PUK)
    assert newer.key_id != before.key_id
    for row in (newer, before):
        assert await running.open("card", "puk", row) == PUK
    assert (await running.seal("card", "puk", PUK)).key_id == newer.key_id


def test_names_cannot_run_into_each_other(key: SoftwareKey) -> None:
    with pytest.raises(ValueError, match="cannot contain"):
        sealed(key, "card|puk", "", PUK)
    with pytest.raises(VaultError):  # as for whatever else a store may say
        opened(key, "card|puk", "", sealed(key, "card", "puk", PUK))


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        SoftwareKey(SecretBytes(bytes(length)))


async def test_nothing_shows_the_secret() -> None:
    ring = ring_in_memory(KEY, SecretBytes(b"p" * 32))
    vault = Vault(ring.vault, ring.derived("secret fingerprint"))
    row = await vault.seal("card", "puk", PUK)
    shown = f"{ring!r} {vault!r} {vault.keys!r} {row!r} {await vault.open('card', 'puk', row)!r}"
    for hidden in (PUK.get_secret_value(), row.ciphertext, row.wrapped_key, KEY.get_secret_value()):
        assert repr(hidden)[2:-1] not in shown
        assert hidden.hex() not in shown


def test_fingerprints_and_derived_keys_outlive_the_vaults_key() -> None:
    rings = [ring_in_memory(SecretBytes(bytes([n] * 32)), SecretBytes(b"p" * 32)) for n in (1, 2)]
    vaults = [Vault(ring.vault, ring.derived("secret fingerprint")) for ring in rings]
    assert vaults[0].fingerprint(PUK) == vaults[1].fingerprint(PUK)
    assert rings[0].derived("blind index") == rings[1].derived("blind index")
    other = ring_in_memory(KEY, SecretBytes(b"q" * 32))
    derived = [ring.derived(label) for ring in (rings[0], other) for label in ("blind index", "audit chain")]
    assert len({key.get_secret_value() for key in derived}) == 4


def test_a_cut_off_row_with_no_data_key_does_not_open(key: SoftwareKey) -> None:
    """As the upgrade leaves one that did not open before."""
    row = sealed(key, "card", "puk", PUK)
    with pytest.raises(VaultError):
        opened(key, "card", "puk", Sealed(row.key_id, b"", row.nonce, row.ciphertext))
