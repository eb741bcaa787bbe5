from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest

from kiosk.keys import KeyProblem, create_key, key_id, load_key, load_password

NAME = Path("vault.key")


@pytest.fixture(autouse=True)
def without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def put(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_new_key_loads_and_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        create_key(tmp_path / NAME)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    key = load_key(tmp_path, NAME, "vault-key")
    assert len(key.get_secret_value()) == 32
    assert base64.b64encode(key.get_secret_value()) + b"\n" == (tmp_path / NAME).read_bytes()


def test_keys_differ_and_so_do_their_names(tmp_path: Path) -> None:
    create_key(tmp_path / "a")
    create_key(tmp_path / "b")
    a, b = (load_key(tmp_path, Path(name), "none") for name in "ab")
    assert a != b
    assert key_id(a) != key_id(b)
    assert key_id(a) == key_id(load_key(tmp_path, Path("a"), "none"))
    assert len(key_id(a)) == 8
    assert key_id(a) not in a.get_secret_value().hex()


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    create_key(tmp_path / NAME)
    content = (tmp_path / NAME).read_bytes()
    with pytest.raises(KeyProblem, match="exists already"):
        create_key(tmp_path / NAME)
    assert (tmp_path / NAME).read_bytes() == content


def test_a_dangling_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyProblem, match="exists already"):
        create_key(tmp_path / NAME)
    assert not (tmp_path / "elsewhere").exists()


def test_no_folder_no_key(tmp_path: Path) -> None:
    with pytest.raises(KeyProblem, match="cannot be written"):
        create_key(tmp_path / "nowhere" / NAME)


def test_a_key_that_cannot_be_written_whole_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyProblem, match="No space left"):
        create_key(tmp_path / NAME)
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o601, 0o777])
def test_a_key_that_others_can_reach_is_refused_with_the_cure(tmp_path: Path, mode: int) -> None:
    create_key(tmp_path / NAME)
    (tmp_path / NAME).chmod(mode)
    with pytest.raises(KeyProblem, match=f"mode {mode:04o}.*chmod 600 {tmp_path / NAME}"):
        load_key(tmp_path, NAME, "vault-key")


@pytest.mark.parametrize("owner", ["nobody", "root"])
def test_a_key_may_be_ones_own_or_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: str) -> None:
    """Whoever owns it can exchange it: and then knows the key of everything that is kept from then on."""
    create_key(tmp_path / NAME)
    real = os.fstat

    def owned(descriptor: int) -> os.stat_result:
        fields = list(real(descriptor))
        fields[stat.ST_UID] = 0 if owner == "root" else os.geteuid() + 1
        return os.stat_result(fields)

    monkeypatch.setattr(os, "fstat", owned)
    if owner == "root":
        assert load_key(tmp_path, NAME, "vault-key")
    else:
        with pytest.raises(KeyProblem, match="belongs to another account"):
            load_key(tmp_path, NAME, "vault-key")


def test_a_missing_key_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(KeyProblem, match="kiosk init"):
        load_key(tmp_path, NAME, "vault-key")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"x" * 32,
        base64.b64encode(b"x" * 31),
        base64.b64encode(b"x" * 33),
        b"\xff" * 44,
        b"A" * 9000,
    ],
)
def test_what_is_not_a_key_is_refused_and_not_shown(tmp_path: Path, content: bytes) -> None:
    put(tmp_path / NAME, content)
    with pytest.raises(KeyProblem, match="is not a key") as caught:
        load_key(tmp_path, NAME, "vault-key")
    assert not content.strip() or content.strip().decode("latin-1") not in str(caught.value)


def test_a_pipe_or_folder_is_not_a_key_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME, 0o600)
    (tmp_path / "folder").mkdir(0o700)
    with pytest.raises(KeyProblem, match="is not a file"):
        load_key(tmp_path, NAME, "vault-key")
    with pytest.raises(KeyProblem, match="folder"):
        load_key(tmp_path, Path("folder"), "vault-key")


def test_an_absolute_path_is_taken_as_it_is(tmp_path: Path) -> None:
    create_key(tmp_path / NAME)
    assert load_key(Path("/nonexistent"), tmp_path / NAME, "vault-key")


def test_the_credential_of_systemd_wins_and_is_not_judged_by_its_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_key(tmp_path / NAME)
    put(tmp_path / "vault-key", base64.b64encode(b"c" * 32), 0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert load_key(tmp_path, NAME, "vault-key").get_secret_value() == b"c" * 32
    assert load_key(tmp_path, NAME, "another").get_secret_value() != b"c" * 32


@pytest.mark.parametrize("content", [b"correct horse\n", b"correct horse", b"correct horse\r\n"])
def test_a_password_is_the_only_line(tmp_path: Path, content: bytes) -> None:
    put(tmp_path / "password", content)
    assert load_password(tmp_path, Path("password"), "mail").get_secret_value() == "correct horse"


@pytest.mark.parametrize("content", [b"", b"\n", b"secret one\nsecret two\n", b"secret \xff\n"])
def test_what_is_not_one_line_is_no_password(tmp_path: Path, content: bytes) -> None:
    put(tmp_path / "password", content)
    with pytest.raises(KeyProblem, match="one line") as caught:
        load_password(tmp_path, Path("password"), "mail")
    assert "secret" not in str(caught.value)


def test_a_password_that_others_can_read_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "password", b"secret\n", 0o644)
    with pytest.raises(KeyProblem, match="chmod 600"):
        load_password(tmp_path, Path("password"), "mail")
