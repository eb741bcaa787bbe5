"""The health textfile: what stands in it, that it is whole, and gone with the kiosk."""

from __future__ import annotations

import asyncio
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cardio.virtual.reader import VirtualReader
from kiosk.demo.running import DemoKiosk
from kiosk.levels import Finding, Level
from kiosk.pulse import Pulse
from kiosk.refusals import OutOfService
from kiosk.settings import Settings
from kiosk.textfile import Textfile, exposition
from tests.kiosk.stage import BareStage
from tests.screens.hall import wait_until
from tests.stories.world import empty_database


def textfile(folder: Path, path: Path) -> Textfile:
    """Of a kiosk whose state is in the folder."""
    (folder / "kiosk.db").write_bytes(empty_database())
    settings = Settings().changed(state={"directory": folder})
    return Textfile(path, settings, VirtualReader(), Pulse(), lambda: None)


def test_what_stands_in_it() -> None:
    seconds = iter([0.0, *[90.0] * 9])
    findings = [Finding("store", Level.FAIL, "away"), Finding("reader", Level.OK, "Gemalto")]
    unlocked = datetime(2026, 11, 28, tzinfo=UTC)
    text = exposition(findings, Pulse(lambda: next(seconds)), (3, unlocked)).decode()
    assert 'kiosk_check{level="fail",name="store"} 1.0' in text
    assert 'kiosk_check{level="ok",name="store"} 0.0' in text
    assert 'kiosk_check{level="ok",name="reader"} 1.0' in text
    assert "kiosk_uptime_seconds 90.0" in text
    assert "kiosk_event_loop_delay_seconds 0.0" in text
    assert "kiosk_notices_waiting 3.0" in text
    assert f"kiosk_last_unlock_timestamp_seconds {unlocked.timestamp():.10g}".split("e")[0] in text
    assert text.endswith("\n")


def test_what_is_not_known_is_left_out() -> None:
    text = exposition([], Pulse(), None).decode()
    assert "notices" not in text
    assert "unlock" not in text
    assert "last_unlock" not in exposition([], Pulse(), (0, None)).decode()


async def test_it_is_there_while_the_kiosk_runs(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.prom"
    running = asyncio.create_task(textfile(tmp_path, path).run())
    await wait_until(path.exists, 20)
    text, mode = await asyncio.to_thread(lambda: (path.read_text(), path.stat().st_mode))
    assert 'kiosk_check{level="fail",name="store"} 0.0' in text
    assert 'kiosk_check{level="ok",name="service"} 1.0' in text
    assert mode & 0o777 == 0o644, "node-exporter has an account of its own"
    running.cancel()
    await asyncio.wait([running])
    left = await asyncio.to_thread(lambda: [file.name for file in tmp_path.iterdir()])
    assert not [name for name in left if "prom" in name]


async def test_it_tells_that_the_kiosk_has_closed_itself(tmp_path: Path) -> None:
    (tmp_path / "kiosk.db").write_bytes(empty_database())
    settings = Settings().changed(state={"directory": tmp_path})
    path = tmp_path / "kiosk.prom"
    await Textfile(path, settings, VirtualReader(), Pulse(), lambda: OutOfService.CLOCK).write()
    assert 'kiosk_check{level="fail",name="service"} 1.0' in await asyncio.to_thread(path.read_text)


async def test_a_folder_that_is_not_there_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = textfile(tmp_path, tmp_path / "missing" / "kiosk.prom")
    with caplog.at_level(logging.WARNING):
        await file.write()
        await file.write()
    assert len([record for record in caplog.records if "health.textfile" in record.message]) == 1


def test_prometheus_is_loaded_for_it_alone() -> None:
    import subprocess

    ask = "import sys, kiosk.attendant, kiosk.textfile; print('prometheus_client' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


async def test_a_kiosk_that_is_told_to_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.prom"
    kiosk = DemoKiosk(Settings().changed(health={"textfile": path}))
    stage = BareStage()
    running = asyncio.create_task(kiosk.attend(stage))
    await wait_until(path.exists, 60)
    kiosk.close()
    assert await running == 0
    assert not path.exists()
