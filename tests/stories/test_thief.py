"""A thief with database, log, configuration and backup, but without the keys, has nobody's secrets.

They know how the kiosk works, and even the values they look for: not so much as that these are the
right ones can be told.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from kiosk.dialogue import Gone
from kiosk.proofs.answers import normalise
from kiosk.steps import AnswerQuestions, EnterCode
from kiosk.storage.models import DataKeyRow, HolderRow, PendingRow, SecurityAnswerRow, UnblockSecretRow
from kiosk.storage.sqlite import Sqlite, copied
from tests.stories.disk import on_disk
from tests.stories.plots import register
from tests.stories.script import see
from tests.stories.world import ANSWERS, PEPPER, PUK, VAULT_KEY, World, in_order

NAME, RA_ADDRESS, OWN_ADDRESS = "Myfanwy Llewellyn", "myfanwy.llewellyn@nhs.net", "myfanwy@gov.uk"


@pytest.fixture
async def robbed(world: World) -> tuple[World, str]:
    """A store with a registered holder, a code that waits, and notices; and that code."""
    await world.holder(name=NAME, email=RA_ADDRESS)
    world.ann = await world.card()
    await register(world, world.ann, email=OWN_ADDRESS)
    world.ann.lock()
    world.hands.forward(minutes=2)
    await world.visit(world.ann, [see(AnswerQuestions, in_order), see(EnterCode, Gone.CARD_OUT)])
    return world, world.post.code()


def loot(world: World, folder: Path) -> bytes:
    """Everything that is found, but for the keys."""
    found = on_disk(world) + world.settings.model_dump_json().encode()
    if isinstance(world.backend, Sqlite):
        folder.mkdir()
        copied(world.backend.path, folder / "backup.db")
        found += (folder / "backup.db").read_bytes()
    return found


def forms(text: str) -> Iterator[bytes]:
    """A value in every form in which it may lie about."""
    for spelling in {text, text.upper(), text.lower(), text[::-1], normalise(text)}:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le"):
            raw = spelling.encode(encoding)
            yield raw
            yield raw.hex().encode()
            yield raw.hex().upper().encode()
            yield base64.b64encode(raw).rstrip(b"=")
            yield base64.b32encode(raw).rstrip(b"=")
            yield zlib.compress(raw)[2:-4]
        for digest in ("md5", "sha1", "sha256", "sha512"):
            hashed = hashlib.new(digest, spelling.encode()).digest()
            yield hashed[:16]
            yield hashed.hex()[:32].encode()
        for key in (b"", bytes(32), b"unlock-kiosk", b"blind index", b"secret fingerprint"):
            for content in (spelling, f"address|{spelling}", f"word|{spelling}"):
                yield hmac.digest(key, content.encode(), "sha256")[:16]


async def test_no_value_is_there_in_any_form(robbed: tuple[World, str], tmp_path: Path) -> None:
    world, code = robbed
    found = loot(world, tmp_path / "stolen")
    hidden = [PUK, code, NAME, *NAME.split(), RA_ADDRESS, OWN_ADDRESS, *ANSWERS.values()]
    there = [(text, form) for text in hidden for form in forms(text) if len(form) > 4 and form in found]
    assert there == []
    known = await world.known(world.ann)
    for not_hidden in (known.holder_id, known.id.serial, known.holder_key, "first-school"):
        assert any(form in found for form in forms(not_hidden)), "or the search finds nothing ever"


async def test_who_knows_the_right_code_and_answers_cannot_even_tell(robbed: tuple[World, str]) -> None:
    """So trying all of a hundred million codes tells nothing either."""
    world, code = robbed
    known = await world.known(world.ann)
    (pending,) = await world.rows(PendingRow)
    context = f"code|{known.holder_key}|{known.card_key}|{pending.purpose}"
    right = f"{context}\0{code}".encode()
    assert bcrypt.checkpw(with_key(PEPPER.get_secret_value(), right), pending.code_hash.encode())
    for guess in guesses(right, code):
        assert not bcrypt.checkpw(guess, pending.code_hash.encode())
    for row in await world.rows(SecurityAnswerRow):
        answer = normalise(ANSWERS[row.question])
        right = f"answer|{known.holder_key}|{row.question}\0{answer}".encode()
        assert bcrypt.checkpw(with_key(PEPPER.get_secret_value(), right), row.hash.encode())
        for guess in guesses(right, answer):
            assert not bcrypt.checkpw(guess, row.hash.encode())


def with_key(key: bytes, content: bytes) -> bytes:
    """What bcrypt is given."""
    return base64.b64encode(hmac.digest(key, content, "sha256"))


def guesses(right: bytes, value: str) -> list[bytes]:
    """What somebody without the pepper would try, even with the vault's key."""
    keys = (b"", bytes(32), b"pepper", VAULT_KEY.get_secret_value())
    plain = [value.encode(), right[:72], base64.b64encode(hashlib.sha256(right).digest())]
    return [*plain, *(with_key(key, content) for key in keys for content in (right, value.encode()))]


async def test_what_is_sealed_opens_with_no_key_that_can_be_had(robbed: tuple[World, str]) -> None:
    """Nor with the pepper alone, nor one row's key with another's."""
    world, _ = robbed
    (secret,), (names,) = await world.rows(UnblockSecretRow), await world.rows(DataKeyRow)
    (holder,) = await world.rows(HolderRow)
    had = [
        bytes(32),
        PEPPER.get_secret_value(),
        hmac.digest(PEPPER.get_secret_value(), b"unlock-kiosk vault", "sha256"),
    ]
    had += [
        hashlib.sha256(text.encode()).digest() for text in (secret.key_id, names.key_id, "unlock-kiosk", "")
    ]
    had += [(secret.wrapped_key + bytes(32))[:32], (names.wrapped_key + bytes(32))[:32]]
    for key in had:
        for wrapped in (secret.wrapped_key, names.wrapped_key):
            with pytest.raises(InvalidUnwrap):
                aes_key_unwrap(key, wrapped)
        for nonce, ciphertext in (
            (secret.nonce, secret.ciphertext),
            (holder.name[:12], holder.name[12:]),
            (holder.ra_email[:12], holder.ra_email[12:]),
        ):
            with pytest.raises(InvalidTag):
                AESGCM(key).decrypt(nonce, ciphertext, None)
    data_key = aes_key_unwrap(VAULT_KEY.get_secret_value(), secret.wrapped_key)
    known = await world.known(world.ann)
    bound_to = f"{secret.key_id}|{known.card_key}|unblock-secret".encode()
    opened = AESGCM(data_key).decrypt(secret.nonce, secret.ciphertext, bound_to)
    assert opened == PUK.encode(), "with the vault's key it does open: so the above has tried the right thing"
