"""A shell to call commands in, and a card service."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.kiosk.commands.shell import Shell
from tests.pcscd import pcsc_service, pcsc_session

__all__ = ["bare_shell", "pcsc_service", "pcsc_session", "shell"]


@pytest.fixture
def bare_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Commands on a machine that nobody has prepared yet."""
    monkeypatch.delenv("KIOSK_CONFIG", raising=False)
    return Shell(tmp_path)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of a machine after ``kiosk init``, with staff: every test has a copy."""
    made = Shell(tmp_path_factory.mktemp("prepared"))
    made.ok("init")
    made.staff_up()
    return made.state


@pytest.fixture
def shell(bare_shell: Shell, prepared: Path) -> Shell:
    """Commands after ``kiosk init``, on a machine with staff."""
    shutil.copytree(prepared, bare_shell.state)
    bare_shell.staffed = True
    return bare_shell
