"""What the vault may rely on, whether its keys are in files or inside a token (SoftHSM2)."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from pkcs11 import Attribute, KeyType
from pydantic import SecretBytes, SecretStr

from kiosk.keys import KeyProblem, create_key, load_key
from kiosk.pepper import Pepper, PlainPepper
from kiosk.token import Token, TokenCabinet, TokenPepper
from kiosk.wrapping import FileCabinet, KeyCabinet, VaultError
from tests import softhsm

DATA_KEY = bytes(range(32))
Open = Callable[[], KeyCabinet]


def files(folder: Path) -> FileCabinet:
    """The cabinet of a folder, which may be empty."""
    return FileCabinet(folder, Path("vault.key"), "vault-key")


@pytest.fixture
def label() -> str:
    """The label of vault keys that are not there yet."""
    return softhsm.fresh("vault")


@pytest.fixture(params=["files", "token"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens one and the same cabinet with one key in it, as kiosks do that start."""
    if request.param == "files":
        create_key(tmp_path / "vault.key")
        return lambda: files(tmp_path)
    label = softhsm.fresh("vault")
    TokenCabinet(softhsm.opened(), label, files(tmp_path)).make_next()
    return lambda: TokenCabinet(softhsm.opened(), label, files(tmp_path))


def test_what_is_wrapped_is_given_back(reopen: Open) -> None:
    wrapped = reopen().load().newest.wrap(DATA_KEY)
    assert len(wrapped) == 40
    assert DATA_KEY not in wrapped
    assert reopen().load().newest.unwrap(wrapped) == DATA_KEY


def test_no_flipped_bit_and_no_cut_goes_unseen(reopen: Open) -> None:
    key = reopen().load().newest
    wrapped = key.wrap(DATA_KEY)
    flipped = [
        bytes(b ^ (at == place) for at, b in enumerate(wrapped)) for place in range(0, len(wrapped), 3)
    ]
    for altered in [*flipped, wrapped[:-8], wrapped[:-1], b"", wrapped + bytes(8)]:
        with pytest.raises(VaultError, match="altered"):
            key.unwrap(altered)
    assert key.unwrap(wrapped) == DATA_KEY


def test_the_next_key_wraps_and_the_one_before_still_opens(reopen: Open) -> None:
    cabinet, other = reopen(), reopen()
    before = cabinet.load().newest
    wrapped = before.wrap(DATA_KEY)
    cabinet.make_next()
    keys = other.load()
    assert keys.newest.key_id != before.key_id
    old = keys.named(before.key_id)
    assert old is not None
    assert old.unwrap(wrapped) == DATA_KEY
    with pytest.raises(VaultError):
        keys.newest.unwrap(wrapped)
    cabinet.put_in_place()
    keys = reopen().load()
    assert keys.named(before.key_id) is not None
    assert keys.newest.key_id != before.key_id
    assert keys.named("no such key") is None


def test_it_serves_several_threads(reopen: Open) -> None:
    key = reopen().load().newest

    def there_and_back(data_key: bytes) -> bool:
        return key.unwrap(key.wrap(data_key)) == data_key

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(there_and_back, [os.urandom(32) for _ in range(200)]))


def test_both_are_the_same_on_disk(label: str) -> None:
    """A token that has the key of a file wraps as the file does: RFC 3394."""
    raw = SecretBytes(bytes(range(32, 64)))
    opened = softhsm.opened()
    described = {
        Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY,
        Attribute.KEY_TYPE: KeyType.AES,
        Attribute.LABEL: label,
        Attribute.ID: b"\1",
        Attribute.TOKEN: True,
        Attribute.WRAP: True,
        Attribute.VALUE: raw.get_secret_value(),
    }
    opened.told(lambda session: session.create_object(described))
    key = TokenCabinet(opened, label, files(Path("/nowhere"))).load().newest
    assert key.wrap(DATA_KEY) == aes_key_wrap(raw.get_secret_value(), DATA_KEY)


def test_a_key_of_the_token_never_leaves_it(label: str) -> None:
    opened = softhsm.opened()
    cabinet, pepper = (
        TokenCabinet(opened, label, files(Path("/nowhere"))),
        TokenPepper(opened, f"{label} pepper"),
    )
    cabinet.make_next()
    pepper.make(None)

    def values(session: pkcs11.Session) -> list[str]:
        refusals = []
        keys = [
            *session.get_objects({Attribute.LABEL: label}),
            *session.get_objects({Attribute.LABEL: f"{label} pepper"}),
        ]
        for key in keys:
            with pytest.raises(pkcs11.exceptions.PKCS11Error) as refused:
                key[Attribute.VALUE]
            refusals.append(type(refused.value).__name__)
        return refusals

    assert opened.told(values) == ["AttributeSensitive"] * 2
    assert not pepper.leaves()


def test_key_files_open_what_they_sealed_before_a_move_to_a_token(tmp_path: Path, label: str) -> None:
    create_key(tmp_path / "vault.key")
    before = files(tmp_path).load().newest
    wrapped = before.wrap(DATA_KEY)
    cabinet = TokenCabinet(softhsm.opened(), label, files(tmp_path))
    cabinet.make_next()
    keys = cabinet.load()
    assert keys.newest.key_id != before.key_id
    old = keys.named(before.key_id)
    assert old is not None
    assert old.unwrap(wrapped) == DATA_KEY


# -- the pepper ---------------------------------------------------------------------------------


def in_file(folder: Path) -> Pepper:
    """A pepper from a file."""
    create_key(folder / "pepper.key")
    return PlainPepper(load_key(folder, Path("pepper.key"), "pepper-key"))


def test_a_pepper_moved_into_a_token_hashes_as_before(tmp_path: Path, label: str) -> None:
    before = in_file(tmp_path)
    inside = TokenPepper(softhsm.opened(), label)
    assert not inside.there()
    inside.make(load_key(tmp_path, Path("pepper.key"), "pepper-key"))
    for content in (b"", b"answer", os.urandom(1000)):
        assert inside.digest(content) == before.digest(content)
    assert inside.there()
    assert not inside.leaves()


# -- a token that cannot be used ----------------------------------------------------------------


def test_a_wrong_pin_is_told_and_not_tried_again(label: str) -> None:
    """SoftHSM never locks; a real token does after a few."""
    wrong = softhsm.opened(softhsm.STRANGE, SecretStr("0000"))
    for advice in ("keys.token_pin_file", "restart"):
        with pytest.raises(KeyProblem, match=advice) as told:
            TokenCabinet(wrong, label, files(Path("/nowhere"))).load()
        assert "0000" not in str(told.value)


def test_what_is_missing_is_told(label: str) -> None:
    no_token = Token(softhsm.module(), "another", softhsm.PIN)
    no_module = Token(Path("/nowhere/module.so"), softhsm.TOKEN, softhsm.PIN)
    for missing, advice in ((no_token, "keys.token_label"), (no_module, "keys.token$")):
        with pytest.raises(KeyProblem, match=advice):
            TokenCabinet(missing, label, files(Path("/nowhere"))).load()
    empty = softhsm.opened()
    with pytest.raises(KeyProblem, match="kiosk init"):
        TokenCabinet(empty, label, files(Path("/nowhere"))).load()
    with pytest.raises(KeyProblem, match="kiosk init"):
        TokenPepper(empty, label).digest(b"x")


def test_a_session_that_was_lost_is_opened_again(label: str) -> None:
    token = softhsm.opened()
    cabinet = TokenCabinet(token, label, files(Path("/nowhere")))
    cabinet.make_next()
    key = cabinet.load().newest
    wrapped = key.wrap(DATA_KEY)
    token.use(lambda session: session.close())  # as where the token was pulled and put back
    assert key.unwrap(wrapped) == DATA_KEY
