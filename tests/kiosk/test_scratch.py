"""The demo's scratch folders: gone at the end, and where a demo was killed, when the next one begins."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from kiosk.demo.scratch import scratch_kiosk
from kiosk.settings import Settings

_RUNS = """
import asyncio, sys, tempfile
from kiosk.demo.scratch import scratch_kiosk
from kiosk.settings import Settings
async def main():
    async with scratch_kiosk(Settings()) as scratch:
        print(scratch.settings.state_directory, flush=True)
        sys.stdin.read()
tempfile.tempdir = sys.argv[1]
asyncio.run(main())
"""


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def running(folders: Path) -> tuple[subprocess.Popen[str], Path]:
    """One in another process, and its folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", _RUNS, str(folders)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


async def test_what_a_killed_one_has_left_goes_and_nothing_else(folders: Path) -> None:
    killed, left = running(folders)
    other, theirs = running(folders)
    killed.kill()
    killed.communicate()
    assert (left / "vault.key").exists()
    elsewhere = folders / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "lock").touch()
    (folders / "kiosk-demo-link").symlink_to(elsewhere)
    (folders / "kiosk-demo-notes").mkdir()
    (folders / "kiosk-demo-file").touch()
    async with scratch_kiosk(Settings()) as scratch:
        mine = scratch.settings.state_directory
        assert not left.exists()
        assert (theirs / "vault.key").exists(), "it runs"
        assert (elsewhere / "lock").exists()
        assert {"kiosk-demo-link", "kiosk-demo-notes", "kiosk-demo-file"} <= {*os.listdir(folders)}
    assert not mine.exists()
    other.communicate("")
    assert other.returncode == 0
    assert not theirs.exists()
