from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest

from kiosk.storage.schema import SCHEMA
from kiosk.storage.sqlite import Sqlite
from tests.kiosk.commands.shell import GUID, PUK, Shell


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def with_a_secret(shell: Shell) -> None:
    row = f"1,Ann Jones,,piv,guid:{GUID},{PUK}"
    shell.ok("card", "import", "-", typed=f"holder_id,name,email,family,serial,unblock_secret\n{row}\n")


def test_it_makes_directory_keys_and_database_for_their_owner_alone(bare_shell: Shell) -> None:
    before = os.umask(0)
    try:
        told = bare_shell.ok("init")
    finally:
        os.umask(before)
    state = bare_shell.state
    assert mode(state) == 0o700
    assert {path.name: mode(path) for path in state.iterdir()} == {
        "vault.key": 0o600,
        "pepper.key": 0o600,
        "kiosk.db": 0o600,
    }
    assert Sqlite(state / "kiosk.db").revision() == SCHEMA
    assert told.count("made") == 4
    assert "Next:" in told
    for key in ("vault.key", "pepper.key"):
        assert (state / key).read_text().strip() not in told


def test_again_it_replaces_nothing(shell: Shell) -> None:
    shell.ok("holder", "add", "1", "Ann Jones")
    before = {path.name: path.read_bytes() for path in shell.state.glob("*.key")}
    told = shell.ok("init")
    assert "made" not in told
    assert {path.name: path.read_bytes() for path in shell.state.glob("*.key")} == before
    assert [one["id"] for one in shell.json("holder", "list")] == ["1"]


def test_a_damaged_key_is_told_and_kept(shell: Shell) -> None:
    (shell.state / "vault.key").write_text("not a key\n")
    assert "is not a key" in shell.fails("init")
    assert (shell.state / "vault.key").read_text() == "not a key\n"


def test_a_lost_vault_key_is_not_made_anew_once_something_was_sealed_with_it(shell: Shell) -> None:
    with_a_secret(shell)
    (shell.state / "vault.key").unlink()
    assert "put it back from your backup" in shell.fails("init")
    assert not (shell.state / "vault.key").exists()


IN_USE = {
    "an event": ("audit", "export", "export.jsonl"),
    "a holder": ("holder", "add", "1", "Ann Jones"),
}


@pytest.mark.parametrize("command", IN_USE.values(), ids=IN_USE)
@pytest.mark.parametrize("lost", [("vault.key",), ("pepper.key",), ("vault.key", "pepper.key")], ids=" ".join)
def test_no_key_is_made_beside_a_store_that_others_use(
    shell: Shell, command: tuple[str, ...], lost: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a second machine, before there is any card."""
    monkeypatch.chdir(shell.folder)
    shell.ok(*command)
    for name in lost:
        (shell.state / name).rename(shell.folder / name)
    told = shell.fails("init")
    assert f"{lost[0]}: is missing, but {shell.state / 'kiosk.db'} is in use" in told
    assert "copy the keys of the store here from the RA's machine" in told
    assert not any((shell.state / name).exists() for name in lost)
    for name in lost:
        (shell.folder / name).rename(shell.state / name)
    assert shell.ok("init").count("is there, and kept") == 2


def test_a_key_that_is_missing_is_told_with_what_helps(shell: Shell) -> None:
    """`kiosk init` alone would be the wrong advice: it makes none for a store in use."""
    shell.ok("holder", "add", "1", "Ann Jones")
    (shell.state / "vault.key").unlink()
    told = shell.fails("holder", "list")
    assert "`kiosk init` makes it for a new store" in told
    assert "put it back from your backup, or copy it from the RA's machine" in told


def test_a_lost_key_that_nothing_depends_on_is_made_anew(shell: Shell) -> None:
    (shell.state / "vault.key").unlink()
    (shell.state / "pepper.key").unlink()
    assert shell.ok("init").count("made") == 2


def test_no_key_is_made_where_systemd_hands_one_over(
    bare_shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    for name in ("vault-key", "pepper-key"):
        (credentials / name).write_bytes(base64.b64encode(os.urandom(32)))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert f"{credentials / 'vault-key'}: is there" in bare_shell.ok("init")
    assert not list(bare_shell.state.glob("*.key"))


def test_a_directory_that_others_can_look_into_is_refused(bare_shell: Shell) -> None:
    bare_shell.state.mkdir(mode=0o755)
    assert f"chmod 700 {bare_shell.state}" in bare_shell.fails("init")
    assert not list(bare_shell.state.iterdir())


def test_a_directory_that_cannot_be_made_is_told_with_the_cure(bare_shell: Shell) -> None:
    bare_shell.state.touch()
    assert "install -d -m 700" in bare_shell.fails("init")


def test_another_accounts_directory_is_left_alone(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert "sudo -u" in shell.fails("init")


def test_a_database_of_a_newer_release_is_left_alone(shell: Shell) -> None:
    shell.query("UPDATE alembic_version SET version_num = '9999'")
    assert "made by a newer release (schema 9999)" in shell.fails("init")


def test_what_is_not_a_database_is_told(bare_shell: Shell) -> None:
    bare_shell.state.mkdir(mode=0o700)
    (bare_shell.state / "kiosk.db").write_text("a letter to my aunt, of some length\n" * 50)
    assert "not a database" in bare_shell.fails("init")
    assert (bare_shell.state / "kiosk.db").read_text().startswith("a letter")
