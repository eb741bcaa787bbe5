"""The driver on a real pseudo-terminal: killers of a default app, and a terminal that goes away."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from screens.driver import OldMouse

_ROOT = Path(__file__).parents[2]
_READY = b"F7"
_PROGRAM = """
import asyncio, sys
from screens.environment import scrub
scrub()
from kiosk.dialogue import Abandoned
from kiosk.steps import LastTry
from screens.app import KioskApp
from screens.look import Look

closing = asyncio.Event()

async def attend(stage):
    answer = stage.pose(LastTry())
    ended = asyncio.create_task(closing.wait())
    await asyncio.wait({answer, ended}, return_when=asyncio.FIRST_COMPLETED)
    if closing.is_set():
        return 9
    try:
        return 1 if await answer else 2
    except Abandoned:
        return 3

sys.exit(asyncio.run(KioskApp(Look(), attend, on_signal=closing.set).serve()))
"""
_KILLERS = {
    "latin-1": b"caf\xe9",
    "x10-mouse": b"\x1b[M \xa0\xff",
    "csi-u-past-unicode": b"\x1b[1114112;1u",
    "csi-u-huge": b"\x1b[99999999999999999999;1u",
    "kitty-ctrl-q": b"\x1b[113;5u",
    "ctrl-q-c-z-backslash-d-s": b"\x11\x03\x1a\x1c\x04\x13",
    "cut-off-utf-8": b"\xc3",
    "lone-escapes": b"\x1b[\x1b[\x1b]\x1bP",
    "null": b"\x00" * 100,
}


class Terminal:
    """The app in a process of its own, on a terminal that the test holds."""

    def __init__(self, program: str = _PROGRAM) -> None:
        self.master, slave = pty.openpty()
        environ = {**os.environ, "PYTHONPATH": str(_ROOT), "TERM": "xterm-256color", "TEXTUAL_PRESS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=slave,
            stdout=slave,
            stderr=subprocess.PIPE,
            env=environ,
            start_new_session=True,
        )
        os.close(slave)
        self.seen = b""

    def read_until(self, wanted: bytes, seconds: float = 20.0) -> None:
        """Read the screen until it shows something."""
        end = time.monotonic() + seconds
        while wanted not in self.seen:
            assert time.monotonic() < end, self.seen[-500:]
            self._read(0.1)

    def _read(self, seconds: float) -> None:
        if select.select([self.master], [], [], seconds)[0]:
            with contextlib.suppress(OSError):
                self.seen += os.read(self.master, 65536)

    def type(self, data: bytes) -> None:
        """Send bytes as a keyboard would."""
        os.write(self.master, data)

    def exit_code(self, seconds: float = 20.0, typing: bytes = b"", every: float = 0.05) -> int:
        """Wait for the end, reading on so that the app is not held up.

        ``typing`` is typed again and again: the first may still complete a sequence that was cut off.
        """
        end = time.monotonic() + seconds
        typed = 0.0
        while self.process.poll() is None:
            assert time.monotonic() < end, "still running"
            if typing and time.monotonic() >= typed + every:
                typed = time.monotonic()
                with contextlib.suppress(OSError):
                    self.type(typing)
            if self.master >= 0:
                self._read(0.05)
            else:
                time.sleep(0.05)
        return self.process.returncode

    def hang_up(self) -> None:
        """Take the terminal away."""
        os.close(self.master)
        self.master = -1

    def close(self) -> None:
        """End whatever is left."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()
        if self.master >= 0:
            self.hang_up()


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    there = Terminal()
    try:
        there.read_until(_READY)
        yield there
    finally:
        there.close()


@pytest.mark.parametrize("killer", list(_KILLERS))
def test_the_app_outlasts(terminal: Terminal, killer: str) -> None:
    terminal.type(_KILLERS[killer])
    assert terminal.exit_code(typing=b"2") == 2, "a key pressed after it still answers"


@pytest.mark.parametrize(
    ("raw", "translated"),
    [
        (b"a", b"a"),
        (b"\x1b[M !!", b"\x1b[<0;1;1M"),
        (b"x\x1b[M#\xff\x80y", b"x\x1b[<0;223;96my"),
        (b"\x1b[M`!!", b"\x1b[<64;1;1M"),
        (b"\x1b[M\x00\x00\x00", b"\x1b[<-32;1;1M"),
        (b"\x1b[<0;1;1M", b"\x1b[<0;1;1M"),
    ],
)
def test_old_mouse_reports_are_rewritten_however_they_are_cut(raw: bytes, translated: bytes) -> None:
    assert OldMouse().translate(raw) == translated
    for place in range(raw.find(b"M") + 1, len(raw)):  # an Esc alone must not be held back
        mouse = OldMouse()
        assert mouse.translate(raw[:place]) + mouse.translate(raw[place:]) == translated


def test_suspending_is_ignored(terminal: Terminal) -> None:
    terminal.process.send_signal(signal.SIGTSTP)
    terminal.type(b"1")
    assert terminal.exit_code() == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_in_order_and_gives_the_terminal_back(terminal: Terminal, number: int) -> None:
    terminal.process.send_signal(number)
    assert terminal.exit_code() == 9
    terminal.read_until(b"\x1b[?1049l")


def test_a_terminal_that_goes_away_ends_it(terminal: Terminal) -> None:
    terminal.hang_up()
    assert terminal.exit_code() == 9


def test_the_screen_is_on_stdout_and_stderr_is_free(terminal: Terminal) -> None:
    terminal.type(b"\x1b[1114112;1u2")
    terminal.exit_code()
    assert terminal.process.stderr is not None
    assert b"\x1b" not in terminal.process.stderr.read()


def test_what_was_typed_before_there_was_a_question_is_thrown_away() -> None:
    there = Terminal()
    try:
        there.type(b"222\r")
        there.read_until(_READY)
        there.type(b"1")
        assert there.exit_code() == 1
    finally:
        there.close()
