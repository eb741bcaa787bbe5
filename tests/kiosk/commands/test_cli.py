from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from cardio import errors
from kiosk.cli import app
from kiosk.commands import configuration
from kiosk.commands.failures import explain
from kiosk.office import people
from kiosk.storage.database import StoreUnavailable
from kiosk.vault import VaultError
from tests.kiosk.commands.shell import Shell


def commands(group: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """Every command there is, by the words that call it."""
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, *path, name)
        else:
            yield (*path, name)


ALL = list(commands(get_command(app)))


def kinds(root: type[errors.CardIOError]) -> Iterator[type[errors.CardIOError]]:
    """An error and everything below it."""
    yield root
    for below in root.__subclasses__():
        yield from kinds(below)


def test_the_commands_are_these() -> None:
    assert {" ".join(path) for path in ALL} == {
        "run", "desk", "demo", "selftest", "init", "doctor",
        "holder add", "holder list", "holder find", "holder show", "holder clear-block", "holder assist",
        "holder forget", "holder set-email", "holder withdraw", "vault status", "vault rekey",
        "card enrol", "card import", "card list", "card suspend", "card revoke", "card activate", "card plug",
        "card clear-secret", "card replace", "card inspect", "card trace",
        "audit verify", "audit show", "audit export", "audit close", "audit checkpoints", "retention",
        "backup", "restore", "db current", "db check", "db upgrade", "fleet list", "fleet setup",
        "fleet add", "fleet revoke", "staff add", "staff list", "staff disable", "staff reset",
        "report show", "report export", "report mail",
    }  # fmt: skip


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*path, "--help"])
    assert shown.exit_code == 0
    assert shown.stdout.startswith(f"Usage: root {' '.join(path)}")
    sentence = shown.stdout.split("\n\n")[1].strip()
    assert sentence.endswith(".")
    assert "Example" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    "path", [(), ("holder",), ("card",), ("audit",), ("db",), ("fleet",), ("vault",), ("staff",), ("report",)]
)
def test_a_list_of_commands_cuts_no_sentence_short(path: tuple[str, ...]) -> None:
    listed = CliRunner().invoke(app, [*path, "--help"]).stdout
    _, _, lines = listed.partition("Commands:\n")
    assert lines
    assert "..." not in lines


def test_alone_it_shows_what_there_is() -> None:
    assert "Commands:" in CliRunner().invoke(app, []).output


def test_a_command_that_is_none_is_a_mistake_in_usage() -> None:
    assert CliRunner().invoke(app, ["unlock"]).exit_code == 2


def test_it_knows_its_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout.startswith("kiosk 0.")


def test_as_a_program_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "kiosk.toml").write_text("[site]\ncolour = 1\n")
    (tmp_path / "kiosk.toml").chmod(0o644)
    done = subprocess.run(
        [sys.executable, "-m", "kiosk", "holder", "list"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "kiosk: kiosk.toml:2: site.colour: unknown key\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[site", "not valid TOML"),
        ("[site]\ntouch = true\ncolour = 1\n", "kiosk.toml:3: site.colour: unknown key"),
        ("[codes]\n\n\nminutes = 900\n", "kiosk.toml:4: codes.minutes: "),
        ('[unlock]\nproofs = ["nothing"]\n', "kiosk.toml:2: unlock.proofs: "),
    ],
)
def test_a_bad_configuration_is_told_with_its_line(bare_shell: Shell, text: str, told: str) -> None:
    bare_shell.config.write_text(text)
    for command in (["init"], ["doctor"], ["holder", "list"], ["run"], ["desk"], ["selftest"]):
        assert told in bare_shell.fails(*command, code=2)


def test_a_configuration_that_is_not_there_is_told(bare_shell: Shell) -> None:
    bare_shell.config.unlink()
    assert "cannot be read" in bare_shell.fails("holder", "list", code=2)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, on a machine without a kiosk.toml."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KIOSK_CONFIG", raising=False)
    monkeypatch.setattr(configuration, "SYSTEM_FILE", tmp_path / "etc.toml")
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path


def test_without_a_configuration_the_defaults_hold_and_it_says_where_state_is(elsewhere: Path) -> None:
    done = CliRunner().invoke(app, ["init"])
    assert done.exit_code == 0
    assert f"state is in {elsewhere / 'state'}" in done.stderr
    assert (elsewhere / "state" / "kiosk.db").exists()


def test_the_configurations_have_an_order(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, named, here, system = (elsewhere / name for name in ("a.toml", "b.toml", "kiosk.toml", "etc.toml"))
    assert configuration.config_file(None) is None
    system.touch()
    assert configuration.config_file(None) == system
    here.touch()
    assert configuration.config_file(None) == Path("kiosk.toml")
    monkeypatch.setenv("KIOSK_CONFIG", str(named))
    assert configuration.config_file(None) == named
    assert configuration.config_file(given) == given


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_lies_there_is_not_believed_if_others_can_write_it(elsewhere: Path, mode: int) -> None:
    """It says where keys are and where mails go."""
    here = elsewhere / "kiosk.toml"
    here.write_text("")
    here.chmod(mode)
    done = CliRunner().invoke(app, ["init"])
    assert done.exit_code == 2
    assert f"kiosk.toml: was found here, and others can write it (mode {mode:04o})" in done.stderr
    assert not (elsewhere / "state").exists()
    assert CliRunner().invoke(app, ["--config", "kiosk.toml", "init"]).exit_code == 0


@pytest.mark.parametrize(("owner", "believed"), [(os.geteuid(), True), (0, True), (os.geteuid() + 1, False)])
def test_a_file_that_lies_there_is_believed_if_it_is_ones_own_or_roots(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, owner: int, believed: bool
) -> None:
    here = elsewhere / "kiosk.toml"
    here.write_text("")
    here.chmod(0o644)
    real = os.fstat

    def owned(descriptor: int) -> os.stat_result:
        fields = list(real(descriptor))
        fields[stat.ST_UID] = owner
        return os.stat_result(fields)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", owned)
        done = CliRunner().invoke(app, ["holder", "list"])
    assert ("belongs to another account" in done.stderr) is not believed
    assert done.exit_code == (1 if believed else 2), "1: nobody has called init"


def test_a_pattern_takes_the_place_of_the_readers_name(bare_shell: Shell) -> None:
    bare_shell.add_settings('[reader]\nname = "Gemalto"\n')

    class Context:
        obj = bare_shell.config

    assert configuration.settings_of(Context(), reader="Omnikey*").reader.name == "Omnikey*"  # type: ignore[arg-type]
    assert configuration.settings_of(Context()).reader.name == "Gemalto"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "command", [["holder", "list"], ["card", "list"], ["holder", "show", "1"], ["run"], ["desk"]]
)
def test_before_init_each_command_says_what_is_missing(bare_shell: Shell, command: list[str]) -> None:
    assert "run 'kiosk init'" in bare_shell.fails(*command)


def test_a_lost_key_is_told(shell: Shell) -> None:
    (shell.state / "vault.key").unlink()
    assert f"{shell.state / 'vault.key'}: is missing" in shell.fails("holder", "list")


def test_a_broken_database_is_told(shell: Shell) -> None:
    shell.query("ALTER TABLE holder RENAME TO other")
    assert "the database cannot be used (no such table: holder): 'kiosk doctor'" in shell.fails(
        "holder", "list"
    )


def test_what_nobody_expected_is_not_hidden(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: object) -> AsyncIterator[None]:
        raise RuntimeError("a mistake of ours")
        yield  # type: ignore[unreachable]

    monkeypatch.setattr(people, "everybody", broken)
    assert isinstance(shell.run("holder", "list").exception, RuntimeError)


@pytest.mark.parametrize("kind", list(kinds(errors.CardIOError)), ids=lambda kind: kind.__name__)
def test_every_error_of_a_card_has_a_line_of_its_own(kind: type[errors.CardIOError]) -> None:
    told = explain(kind())
    assert told is not None
    message, code = told
    assert code == 1
    assert message
    assert "\n" not in message


def test_other_errors_of_the_store_have_theirs() -> None:
    assert explain(StoreUnavailable("OperationalError")) is not None
    assert explain(VaultError("altered")) is not None
    assert explain(FileNotFoundError(2, "No such file or directory", "x.csv")) == (
        "x.csv: No such file or directory",
        1,
    )
    assert explain(BrokenPipeError(32, "Broken pipe")) is None
    assert explain(ZeroDivisionError()) is None
