"""A terminal of 80x24 with a program in it: a pseudo-terminal, and pyte to draw what the program sends.

Nothing here knows what the kiosk is. Every wait is for a condition; a deadline only ends a test that
has gone wrong, and then the screen is told.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pyte
import pytest

COLUMNS, ROWS = 80, 24
DEADLINE = 30.0  # seconds: the machine may be busy with something else

ENTER, TAB, ESC, BACKSPACE = "\r", "\t", "\x1b", "\x7f"
UP, DOWN = "\x1b[A", "\x1b[B"
F1, F2, F3, F4 = "\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS"
F5, F6, F7, F8, F9 = "\x1b[15~", "\x1b[17~", "\x1b[18~", "\x1b[19~", "\x1b[20~"
F10, F11, F12 = "\x1b[21~", "\x1b[23~", "\x1b[24~"

_LOOK, _LOOKS = 0.01, 6  # seconds between two looks whether it rests: it draws 60 frames a second

_ALTERNATE, _CURSOR, _PASTE, _MOUSE = 1049, 25, 2004, 1000  # DEC private modes
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]")  # it would draw their last letter


class Terminal:
    """One program from its start to its end.

    ``typed`` counts keys; ``output`` is every byte the program has sent; ``log`` is where its
    standard error goes.
    """

    def __init__(self, command: Sequence[str], log: Path, *, term: str = "xterm-256color") -> None:
        self.log = log
        self.typed = 0
        self._mouse_at = ""
        self.output = bytearray()
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._news = threading.Condition()
        self._master, self._slave = os.openpty()
        self._enough, self._stop_reading = os.pipe()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._before = termios.tcgetattr(self._slave)
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                # The terminal is its controlling one, as at a login; Ctrl-C is heeded whoever runs the tests.
                ["setsid", "--ctty", "env", "--default-signal=INT", *command],
                stdin=self._slave, stdout=self._slave, stderr=errors,
                env={**os.environ, "TERM": term, "LANG": "C.UTF-8", "PYTHONUTF8": "1"},
            )  # fmt: skip
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()
        threading.Thread(target=self._tell_of_the_end, name="end of the program", daemon=True).start()

    # What is seen.

    @property
    def screen(self) -> str:
        """What stands on the screen, 24 lines."""
        with self._news:
            return "\n".join(line.rstrip() for line in self._screen.display)

    def shows(self, *texts: str) -> bool:
        """Whether all these texts are on the screen; runs of blanks and line ends count as one blank."""
        seen = " ".join(self.screen.split())
        return all(text in seen for text in texts)

    def wait_for(self, *texts: str, deadline: float = DEADLINE) -> str:
        """Wait until all the texts are on the screen, and return it."""
        self.wait_until(
            lambda: self.shows(*texts), f"{' and '.join(map(repr, texts))} on the screen", deadline
        )
        return self.screen

    def comes_to(self, text: str, within: float = 3) -> bool:
        """Whether the text is on the screen, or comes to be within a moment."""
        end = time.monotonic() + within
        with self._news:
            while not self.shows(text) and time.monotonic() < end:
                self._news.wait(0.1)
        return self.shows(text)

    def wait_for_any(self, *texts: str) -> str:
        """Wait until one of the texts is on the screen, and return that one."""
        self.wait_until(lambda: any(map(self.shows, texts)), f"one of {texts} on the screen")
        return next((text for text in texts if self.shows(text)), texts[0])

    def wait_until(self, condition: Callable[[], bool], what: str, deadline: float = DEADLINE) -> None:
        """Wait until a condition holds; it is looked at whenever something was drawn, and now and then."""
        end = time.monotonic() + deadline
        while not condition():
            if self.process.poll() is not None and not condition():
                self.fail(f"the program ended with {self.process.returncode} before there was {what}")
            if time.monotonic() > end:
                self.fail(f"no {what} within {deadline:.0f} s")
            with self._news:
                self._news.wait(0.1)

    def fail(self, reason: str) -> None:
        """Fail the test, and say what the screen and the log say."""
        frame = "─" * COLUMNS
        pytest.fail(
            f"{reason}\n{frame}\n{self.screen}\n{frame}\n{self.log.read_text()[-2000:]}", pytrace=False
        )

    @property
    def ended(self) -> bool:
        """Whether the program is no more."""
        return self.process.poll() is not None

    # What is done.

    def keys(self, *keys: str) -> None:
        """Press keys: each argument is one special key, or characters pressed one after another."""
        for key in keys:
            self.typed += 1 if key[:1] == ESC else len(key)
            self.send(key.encode())

    def send(self, data: bytes) -> None:
        """Send bytes as they are. Waits while the program does not take them."""
        while data:
            data = data[os.write(self._master, data[:4096]) :]

    def click(self, text: str) -> None:
        """Press and release the mouse on the last place where a text stands."""
        self.press(text)
        self.release()

    def press(self, text: str) -> None:
        """Press the mouse on the last place where a text stands (SGR reports, mode 1006), and hold it."""
        self.wait_for(text)
        places = [(row, line.rfind(text)) for row, line in enumerate(self.at_rest().splitlines())]
        found = [(row, column) for row, column in places if column >= 0]
        if not found:
            self.fail(f"{text!r} is no longer on the screen, or not in one line")
        row, column = found[-1]
        self._mouse_at = f"{column + 2};{row + 1}"  # within its first word
        self.send(f"\x1b[<0;{self._mouse_at}M".encode())

    def release(self) -> None:
        """Let go of the mouse where it was pressed."""
        self.send(f"\x1b[<0;{self._mouse_at}m".encode())

    def at_rest(self) -> str:
        """What stands on the screen when nothing moves: the program slept at some looks, and drew nothing.

        They are spread over some frames, and at each the reader of this terminal had its turn: so a program
        that only waits for its next frame, or for a processor, is not taken for one that rests.
        """
        looks, drawn, end = 0, -1, time.monotonic() + DEADLINE
        while looks < _LOOKS:
            if time.monotonic() > end:
                self.fail("the screen never comes to rest")
            with self._news:
                moved = self._news.wait(_LOOK) or len(self.output) != drawn
                drawn = len(self.output)
            looks = 0 if moved or _is_busy(self.process.pid) else looks + 1
        return self.screen

    def hang_up(self) -> None:
        """Take the terminal away, as when a cable is pulled or a window closed."""
        os.write(self._stop_reading, b"!")  # while somebody reads it, it would stay open
        self._reader.join()
        os.close(self._master)
        self._master = -1

    def send_signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        self.process.send_signal(number)

    def wait_for_end(self, deadline: float = DEADLINE) -> int:
        """Wait until the program has ended, and everything it sent was read; returns its exit code."""
        try:
            self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.fail(f"the program has not ended within {deadline:.0f} s")
        self._let_go_of_slave()
        self._reader.join(deadline)
        return int(self.process.returncode)

    def close(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Leave nothing behind, however the test went. The program may have a moment after its signal."""
        self.send_signal(number)
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._let_go_of_slave()
        self._reader.join(DEADLINE)
        for descriptor in (self._master, self._enough, self._stop_reading):
            if descriptor >= 0:
                os.close(descriptor)
        self._master = self._enough = self._stop_reading = -1

    # How the program has left the terminal.

    def is_set(self, mode: int) -> bool:
        """Whether a DEC private mode was set and not reset since."""
        switches = re.findall(rb"\x1b\[\?%d([hl])" % mode, bytes(self.output))
        return bool(switches) and switches[-1] == b"h"

    @property
    def in_application_mode(self) -> bool:
        """Whether the alternate screen is on."""
        return self.is_set(_ALTERNATE)

    def assert_restored(self) -> None:
        """The terminal is as a shell wants it: own screen, cursor, cooked mode, no reports."""
        assert self._after == self._before, "line discipline"
        left_on = [mode for mode in (_ALTERNATE, _PASTE, _MOUSE) if self.is_set(mode)]
        assert not left_on, f"modes {left_on} are still on"
        assert self.is_set(_CURSOR), "the cursor is still hidden"

    def _let_go_of_slave(self) -> None:
        if self._slave >= 0:
            if self._master >= 0:
                self._after = termios.tcgetattr(self._slave)
            os.close(self._slave)
            self._slave = -1

    def _read(self) -> None:
        """Draw what comes, until nobody holds the other side any more."""
        waiting = b""
        while self._master in select.select([self._master, self._enough], [], [])[0]:
            data = b""
            with suppress(OSError):
                data = os.read(self._master, 65536)
            if not data:
                return
            with self._news:
                self.output += data
                drawable, waiting = _whole(waiting + data)
                self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", drawable))
                self._news.notify_all()

    def _tell_of_the_end(self) -> None:
        self.process.wait()
        with self._news:
            self._news.notify_all()


def _is_busy(pid: int) -> bool:
    """Whether a thread of the process runs, or waits for a processor or a disk (proc(5))."""
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        with suppress(OSError):  # it has just ended
            if stat.read_text().rpartition(")")[2].split()[0] in {"R", "D"}:
                return True
    return False


def _whole(data: bytes) -> tuple[bytes, bytes]:
    """The data up to a control sequence that has not come whole, and the rest."""
    start = data.rfind(b"\x1b")
    if start >= 0 and not re.match(rb"\x1b(\[[0-?]*[ -/]*[@-~]|[^\[])", data[start:]):
        return data[:start], data[start:]
    return data, b""
