"""`kiosk vault`, and the keys that `kiosk init` and `kiosk doctor` deal with: files, credentials, a token."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kiosk.token import Token
from tests import softhsm
from tests.kiosk.commands.shell import GUID, PUK, Shell

HEAD = "holder_id,name,email,family,serial,unblock_secret\n"


def bring_in(shell: Shell, count: int = 3) -> None:
    """Holders and cards with secrets."""
    rows = [f"H{n:04},Ann Jones {n},,piv,{n + 1:032X},{PUK}\n" for n in range(count)]
    shell.ok("card", "import", "-", typed=HEAD + "".join(rows))


def with_token(shell: Shell, token: str = softhsm.TOKEN, pin: str = softhsm.PIN.get_secret_value()) -> None:
    """Configure a token that has none of these keys yet."""
    (shell.state / "token-pin").write_text(f"{pin}\n")
    (shell.state / "token-pin").chmod(0o600)
    text = shell.config.read_text(encoding="utf-8")
    text += f'\n[keys]\ntoken = "{softhsm.module()}"\ntoken_label = "{token}"\n'
    text += f'token_vault_label = "{softhsm.fresh("vault")}"\n'
    text += f'token_pepper_label = "{softhsm.fresh("pepper")}"\n'
    shell.config.write_text(text, encoding="utf-8")


def hand_over_pin(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """As systemd does, from what this machine alone can decrypt."""
    credentials = shell.folder / "credentials"
    credentials.mkdir()
    (shell.state / "token-pin").rename(credentials / "token-pin")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))


def found(shell: Shell, name: str) -> dict[str, str]:
    """One finding of the doctor."""
    findings: list[dict[str, str]] = json.loads(shell.run("doctor", "--json").stdout)
    return next(one for one in findings if one["name"] == name)


# -- rekey ---------------------------------------------------------------------------------------


def test_a_new_key_takes_the_place_of_the_old_one_which_is_kept(shell: Shell) -> None:
    bring_in(shell)
    before = (shell.state / "vault.key").read_bytes()
    told = shell.ok("vault", "rekey")
    (old,) = shell.state.glob("vault.key.old-*")
    assert old.read_bytes() == before
    assert (shell.state / "vault.key").read_bytes() != before
    assert not (shell.state / "vault.key.next").exists()
    assert str(old) in told
    for path in (old, shell.state / "vault.key"):
        assert path.stat().st_mode & 0o077 == 0
    newest, other = shell.json("vault", "status")
    assert (newest["newest"], newest["secrets"], newest["names"]) == (True, 3, True)
    assert (other["key_id"], other["secrets"], other["names"]) == (old.name.rpartition("-")[2], 0, False)
    old.unlink()
    assert [one["unblock_secret"] for one in shell.json("card", "list")] == ["kept"] * 3
    assert shell.json("holder", "find", "jones")[0]["name"] == "Ann Jones 0"
    assert "newest" in shell.ok("vault", "status")


def test_a_key_that_is_missing_is_named(shell: Shell) -> None:
    bring_in(shell)
    (key_id,) = {one["key_id"] for one in shell.json("vault", "status")}
    shell.ok("vault", "rekey")
    shell.query("UPDATE unblock_secret SET key_id = ? WHERE card = 1", key_id)
    next(shell.state.glob("vault.key.old-*")).unlink()
    missing = next(one for one in shell.json("vault", "status") if one["key_id"] == key_id)
    assert (missing["here"], missing["secrets"]) == (False, 1)
    assert "missing" in shell.ok("vault", "status")
    told = shell.ok("vault", "rekey")
    assert "1 secrets do not open" in told
    assert shell.json("card", "list")[0]["unblock_secret"] == "does not open"


def test_prepared_keys_are_handed_round_before_they_are_used(shell: Shell) -> None:
    bring_in(shell)
    shell.ok("vault", "rekey", "--prepare")
    following = (shell.state / "vault.key.next").read_bytes()
    shell.ok("vault", "rekey", "--prepare")
    assert (shell.state / "vault.key.next").read_bytes() == following
    shell.ok("vault", "rekey")
    assert (shell.state / "vault.key").read_bytes() == following


def test_keys_of_systemd_are_replaced_by_handing_over_both(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_in(shell)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (shell.state / "vault.key").rename(credentials / "vault-key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert "LoadCredentialEncrypted=vault-key-next:" in shell.fails("vault", "rekey")
    shell.ok("init")
    from kiosk.keys import create_key

    create_key(credentials / "vault-key-next")
    assert "hand over the next key as vault-key" in shell.ok("vault", "rekey")
    (credentials / "vault-key").rename(credentials / "vault-key-old")
    (credentials / "vault-key-next").rename(credentials / "vault-key")
    assert shell.json("vault", "status")[0]["secrets"] == 3
    (credentials / "vault-key-old").unlink()
    assert [one["unblock_secret"] for one in shell.json("card", "list")] == ["kept"] * 3


def test_killed_in_the_middle_it_goes_on(shell: Shell) -> None:
    """A real kill -9, as soon as some rows are under the next key and others are not."""
    bring_in(shell, 400)
    one_by_one = "from kiosk import rekeying; rekeying.CHUNK = 1; from kiosk.cli import main; main()"
    command = [sys.executable, "-c", one_by_one, "--config", str(shell.config), "vault", "rekey"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    under = "SELECT COUNT(*) FROM unblock_secret GROUP BY key_id"
    ends = time.monotonic() + 60
    while len(shell.query(under)) < 2 and process.poll() is None and time.monotonic() < ends:
        os.sched_yield()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(shell.query(under)) == 2, "it was not cut off in the middle"
    assert (shell.state / "vault.key.next").exists()
    following = (shell.state / "vault.key.next").read_bytes()
    shell.ok("vault", "rekey")
    assert (shell.state / "vault.key").read_bytes() == following
    assert [use["secrets"] for use in shell.json("vault", "status")] == [400, 0]
    next(shell.state.glob("vault.key.old-*")).unlink()
    assert {one["unblock_secret"] for one in shell.json("card", "list")} == {"kept"}


# -- a token -------------------------------------------------------------------------------------


def test_a_kiosk_with_a_token_has_no_key_in_any_file(
    bare_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = bare_shell
    shell.state.mkdir(mode=0o700)
    with_token(shell)
    told = shell.ok("init")
    assert "pepper: made, never to leave it" in told
    assert sorted(path.name for path in shell.state.glob("*key*")) == []
    again = shell.ok("init")
    assert "pepper: is there, and kept" in again
    assert "vault key: is there, and kept" in again
    bring_in(shell)
    assert [one["unblock_secret"] for one in shell.json("card", "list")] == ["kept"] * 3
    shell.ok("vault", "rekey")
    newest, older = shell.json("vault", "status")
    assert (newest["secrets"], older["secrets"]) == (3, 0)
    hand_over_pin(shell, monkeypatch)
    for name in ("vault key", "pepper key"):
        assert found(shell, name)["level"] == "ok"
        assert "stays there" in found(shell, name)["detail"]


def test_a_token_of_software_is_no_safer_than_its_pin(
    bare_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = bare_shell
    shell.state.mkdir(mode=0o700)
    with_token(shell)
    shell.ok("init")
    for name in ("vault key", "pepper key"):
        told = found(shell, name)
        assert told["level"] == "risk"
        assert str(shell.state / "token-pin") in told["detail"]
        assert "LoadCredentialEncrypted=token-pin" in told["advice"]
        assert "hardware" in told["advice"]
    monkeypatch.setattr(Token, "software", lambda _: False)
    assert {found(shell, name)["level"] for name in ("vault key", "pepper key")} == {"ok"}


def test_a_kiosk_moves_into_a_token_with_all_it_has(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    bring_in(shell)
    with_token(shell)
    assert "pepper: put in from" in shell.ok("init")
    pepper = found(shell, "pepper key")
    assert (pepper["level"], "shred" in pepper["advice"]) == ("risk", True)
    vault = found(shell, "vault key")
    assert (vault["level"], "vault.key is still there" in vault["detail"]) == ("risk", True)
    assert "kiosk vault rekey" in vault["advice"]
    shell.ok("vault", "rekey")
    hand_over_pin(shell, monkeypatch)
    (shell.state / "vault.key").rename(shell.folder / "credentials" / "vault-key")
    vault = found(shell, "vault key")
    assert (vault["level"], "1 older in files" in vault["detail"]) == ("warn", True)
    (shell.folder / "credentials" / "vault-key").rename(shell.state / "vault.key")
    for name in ("vault.key", "pepper.key"):
        (shell.state / name).unlink()
    assert [one["unblock_secret"] for one in shell.json("card", "list")] == ["kept"] * 3
    assert len(shell.json("holder", "find", "jones")) == 3, "the blind indexes are those of before"
    assert {found(shell, name)["level"] for name in ("vault key", "pepper key")} == {"ok"}


def test_what_is_wrong_with_a_token_is_told(shell: Shell) -> None:
    with_token(shell, softhsm.STRANGE, pin="0000")
    assert "token_pin_file" in shell.fails("holder", "list")
    for name in ("vault key", "pepper key"):
        assert (found(shell, name)["level"], "token_pin_file" in found(shell, name)["detail"]) == (
            "fail",
            True,
        )
    (shell.state / "token-pin").unlink()
    assert "put the token's PIN there" in shell.fails("holder", "list")


def test_a_token_without_keys_gets_none_that_would_open_nothing(bare_shell: Shell) -> None:
    shell = bare_shell
    shell.state.mkdir(mode=0o700)
    text = shell.config.read_text(encoding="utf-8")
    with_token(shell)
    shell.ok("init")
    shell.ok("holder", "add", "1", "Ann Jones")
    shell.ok("card", "import", "-", typed=f"{HEAD}1,Ann Jones,,piv,{GUID},{PUK}\n")
    shell.config.write_text(text, encoding="utf-8")
    with_token(shell)  # with other, empty places
    assert "put it back from your backup" in shell.fails("init")
