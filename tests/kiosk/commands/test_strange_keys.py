"""Keys that are not the store's, as somebody at a terminal meets them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from kiosk.keys import KeyProblem, create_key
from kiosk.running import RealKiosk
from kiosk.selftest.run import run_selftest
from tests.kiosk.commands.shell import Shell


@pytest.fixture
def stranger(shell: Shell) -> Shell:
    """A store with a holder in it, on a machine whose pepper is another one."""
    shell.add_settings('[mail]\nsender = "kiosk@example.org"\n')
    shell.ok("holder", "add", "1", "Ann Jones")
    key = shell.state / "pepper.key"
    key.rename(shell.folder / "pepper.key")
    create_key(key)
    return shell


def test_doctor_fails(stranger: Shell) -> None:
    findings = {one["name"]: one for one in json.loads(stranger.run("doctor", "--json").stdout)}
    found = findings["pepper key"]
    assert found["level"] == "fail"
    assert "not the one that this store was written with" in found["detail"]
    assert "copy it from the RA's machine" in found["advice"]


@pytest.mark.parametrize(
    "command",
    [
        ["init"],
        ["selftest"],
        ["holder", "list"],
        ["holder", "add", "2", "Bob Smith"],
        ["vault", "rekey"],
        ["audit", "verify"],
    ],
    ids=" ".join,
)
def test_every_command_says_so_and_changes_nothing(stranger: Shell, command: list[str]) -> None:
    assert "pepper.key: is not the one that" in stranger.fails(*command)
    (stranger.folder / "pepper.key").replace(stranger.state / "pepper.key")
    assert stranger.json("audit", "verify")["events"] == 1
    assert len(stranger.json("holder", "list")) == 1


def test_a_kiosk_does_not_even_begin(stranger: Shell) -> None:
    with pytest.raises(KeyProblem, match="is not the one that"):
        RealKiosk(stranger.settings)
    with pytest.raises(KeyProblem, match="is not the one that"):
        asyncio.run(run_selftest(stranger.settings))


def test_where_the_store_is_away_a_kiosk_begins_all_the_same(shell: Shell, tmp_path: Path) -> None:
    text = '[database]\nurl = "postgresql://kiosk@127.0.0.1:1/unlock"\n[mail]\nsender = "kiosk@example.org"\n'
    shell.add_settings(text)
    RealKiosk(shell.settings)
