"""A shell to call commands in, and a card service."""

from __future__ import annotations

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


@pytest.fixture
def shell(bare_shell: Shell) -> Shell:
    """Commands after ``kiosk init``, on a machine with staff."""
    bare_shell.ok("init")
    bare_shell.staff_up()
    return bare_shell
