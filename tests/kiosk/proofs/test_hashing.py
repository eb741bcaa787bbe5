from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator

import bcrypt
import pytest
from pydantic import SecretBytes, SecretStr

from kiosk.pepper import PlainPepper
from kiosk.proofs.hashing import Hasher

PEPPER = SecretBytes(b"p" * 32)
COST = 4  # bcrypt's least: these tests are about what is hashed, not about how long it takes


@pytest.fixture
def hasher() -> Iterator[Hasher]:
    made = Hasher(PlainPepper(PEPPER), COST)
    yield made
    made.close()


@pytest.mark.parametrize("value", ["12345678", "", "jose", "x" * 500, "a\0b", "\ud800"])
async def test_the_right_value_matches_and_no_other(hasher: Hasher, value: str) -> None:
    hashed = await hasher.hash("code|h|c|unlock", SecretStr(value))
    assert await hasher.matches("code|h|c|unlock", SecretStr(value), hashed)
    assert not await hasher.matches("code|h|c|unlock", SecretStr(value + "x"), hashed)
    assert not await hasher.matches("code|h|c|register", SecretStr(value), hashed)


async def test_long_values_that_differ_at_the_end_differ(hasher: Hasher) -> None:
    hashed = await hasher.hash("q", SecretStr("x" * 100 + "a"))
    assert not await hasher.matches("q", SecretStr("x" * 100 + "b"), hashed)


async def test_context_and_value_cannot_run_into_each_other(hasher: Hasher) -> None:
    hashed = await hasher.hash("a", SecretStr("b\0c"))
    with pytest.raises(ValueError, match="NUL"):
        await hasher.matches("a\0b", SecretStr("c"), hashed)


async def test_it_is_bcrypt_over_base64_of_hmac_sha_256(hasher: Hasher) -> None:
    hashed = await hasher.hash("ctx", SecretStr("välue"))
    mac = hmac.new(b"p" * 32, "ctx\0välue".encode(), hashlib.sha256).digest()
    assert hashed.startswith("$2b$04$")
    assert bcrypt.checkpw(base64.b64encode(mac), hashed.encode())


async def test_another_pepper_matches_nothing(hasher: Hasher) -> None:
    hashed = await hasher.hash("ctx", SecretStr("value"))
    other = Hasher(PlainPepper(SecretBytes(b"q" * 32)), COST)
    assert not await other.matches("ctx", SecretStr("value"), hashed)
    other.close()


async def test_equal_values_have_different_hashes(hasher: Hasher) -> None:
    assert await hasher.hash("c", SecretStr("v")) != await hasher.hash("c", SecretStr("v"))


async def test_all_must_match(hasher: Hasher) -> None:
    right = [(f"q{i}", SecretStr(f"a{i}"), await hasher.hash(f"q{i}", SecretStr(f"a{i}"))) for i in range(4)]
    assert await hasher.all_match(right)
    for i in range(4):
        context, _, hashed = right[i]
        assert not await hasher.all_match([*right[:i], (context, SecretStr("no"), hashed), *right[i + 1 :]])


async def test_nothing_given_is_nothing_proven(hasher: Hasher) -> None:
    assert not await hasher.all_match([])


async def test_every_row_is_checked_whichever_is_wrong(
    hasher: Hasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = await hasher.hash("q", SecretStr("a"))
    checked = []

    def count(password: bytes, stored: bytes) -> bool:
        checked.append(password)
        return bcrypt.hashpw(password, stored) == stored

    monkeypatch.setattr(bcrypt, "checkpw", count)
    for wrong in range(4):
        checked.clear()
        rows = [("q", SecretStr("no" if i == wrong else "a"), hashed) for i in range(4)]
        assert not await hasher.all_match(rows)
        assert len(checked) == 4


async def test_the_dummy_costs_as_much_and_matches_nothing(hasher: Hasher) -> None:
    hashed = await hasher.hash("c", SecretStr("v"))
    assert len(hasher.dummy) == len(hashed)
    assert hasher.dummy.split("$")[:3] == hashed.split("$")[:3]
    for value in ("", "v", "."):
        assert not await hasher.matches("c", SecretStr(value), hasher.dummy)


async def test_a_damaged_hash_is_an_error_that_tells_nothing(hasher: Hasher) -> None:
    with pytest.raises(ValueError, match="salt") as caught:
        await hasher.matches("c", SecretStr("topsecret"), "damaged")
    assert "topsecret" not in str(caught.value)
