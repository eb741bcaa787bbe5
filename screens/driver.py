"""The terminal: Textual's driver for Linux, made to outlast whatever is typed into it."""

from __future__ import annotations

import contextlib
import io
import os
import re
import selectors
import signal
import sys
import termios
import threading
from codecs import getincrementaldecoder
from typing import Any, Final, TextIO

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.messages import InBandWindowResize

from screens.failures import record

EX_IOERR: Final = 74  # sysexits.h
_CHUNK = 4096  # bytes
_POLL = 0.1  # seconds, in which the parser decides that an Esc was only an Esc
_DEADLINE = 75.0  # seconds after the terminal has gone: longer than the app waits for a card write
_LARGEST = (500, 200)  # columns and lines: what is drawn grows with the terminal


class _DeafFile(io.TextIOBase):
    """Where the screen is drawn. Once the terminal has gone, writing to it is no error."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def fileno(self) -> int:
        return self._file.fileno()

    def write(self, text: str) -> int:
        try:
            return self._file.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError:
            return


class OldMouse:
    """Rewrites X10 mouse reports (xterm, "Normal tracking mode") as SGR ones.

    Their three bytes are no characters: past column 95 they are not even UTF-8, and Textual would
    take the rest for typed keys.
    """

    _REPORT = re.compile(rb"\x1b\[M(...)", re.DOTALL)
    _BEGUN = re.compile(rb"\x1b\[M.{0,2}\Z", re.DOTALL)

    def __init__(self) -> None:
        self._begun = b""

    def translate(self, data: bytes) -> bytes:
        """The same input with every whole report rewritten; one cut off is kept for the next read."""
        data = self._REPORT.sub(self._rewrite, self._begun + data)
        cut = self._BEGUN.search(data)
        self._begun = cut[0] if cut else b""
        return data[: cut.start()] if cut else data

    @staticmethod
    def _rewrite(report: re.Match[bytes]) -> bytes:
        button, column, row = (byte - 32 for byte in report[1])
        released = button & 3 == 3 and not button & 0b1100000  # neither movement nor wheel
        sgr = (0 if released else button, max(1, column), max(1, row))
        return b"\x1b[<%d;%d;%d" % sgr + (b"m" if released else b"M")


class Pastes:
    """Cuts bracketed pastes (xterm, "Bracketed Paste Mode") to what a field may hold, before the parser.

    Textual's would keep megabytes, look for keys after every Esc within, and wait for ever for an end
    that does not come.
    """

    LONGEST = 1000  # characters
    _BEGIN, _END = "\x1b[200~", "\x1b[201~"
    _PART = len(_END) - 1  # what may be the beginning of a mark
    _QUIET = 3  # reads without anything, until a paste without an end is over

    def __init__(self) -> None:
        self._last = ""  # of what was passed on
        self._held: str | None = None  # of the paste that goes on
        self._quiet = 0

    def cut(self, text: str) -> str:
        """The same input with every whole paste cut; one that goes on is held until its end is read."""
        self._quiet = 0
        passed = ""
        while True:
            if self._held is None:
                before, begin, text = (self._last + text).partition(self._BEGIN)
                passed += (before + begin)[len(self._last) :]
                self._last = "" if begin else before[-self._PART :]
                if not begin:
                    return passed
                self._held = ""
            else:
                self._held, end, text = (self._held + text).partition(self._END)
                if not end:
                    self._held = self._held[: self.LONGEST] + self._held[self.LONGEST :][-self._PART :]
                    return passed
                passed += self._over()

    def tick(self) -> str:
        """What to pass on where nothing was read this time."""
        self._quiet += 1
        return self._over() if self._held is not None and self._quiet >= self._QUIET else ""

    def _over(self) -> str:
        pasted, self._held = self._held or "", None
        return pasted[: self.LONGEST].replace("\x1b", "") + self._END


class KioskDriver(LinuxDriver):
    """Draws on stdout, so that stderr is free for the journal; cannot be suspended or crashed by input."""

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self._file = _DeafFile(sys.__stdout__)  # type: ignore[arg-type, assignment]
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        signal.signal(signal.SIGCONT, signal.SIG_DFL)

    @property
    def can_suspend(self) -> bool:
        """Never: there is a shell below."""
        return False

    def start_application_mode(self) -> None:
        """Take the terminal; what was typed before there was a question is thrown away."""
        with contextlib.suppress(termios.error):  # not a terminal: a test, or a pipe
            termios.tcflush(self.fileno, termios.TCIFLUSH)
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def run_input_thread(self) -> None:
        """Read the terminal until the app ends.

        Bytes that are not UTF-8 are left out. Where Textual's parser gives up (a CSI-u report with a
        code point past U+10FFFF, for one) that sequence is lost, and a new parser goes on.
        """
        decode = getincrementaldecoder("utf-8")("ignore").decode
        mouse, pastes, parser = OldMouse(), Pastes(), XTermParser()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_POLL):
                    data = self._read()
                    if not data:
                        self._terminal_gone()
                        return
                    text = pastes.cut(decode(mouse.translate(data)))
                else:
                    text = pastes.tick()
                for character in text or ("",):
                    try:
                        for message in parser.feed(character) if character else parser.tick():
                            self.process_message(message)
                    except Exception as error:
                        record(error, "terminal input")
                        parser = XTermParser()

    def _read(self) -> bytes:
        """What was typed; nothing where the terminal has gone."""
        try:
            return os.read(self.fileno, _CHUNK)
        except OSError:
            return b""

    def process_message(self, message: Any) -> None:
        """Pass on what was typed, but no size.

        The size comes from the kernel (SIGWINCH): a report of it that is typed would shrink the screen
        to nothing for everybody.
        """
        if not isinstance(message, events.Resize | InBandWindowResize):
            super().process_message(message)

    def _get_terminal_size(self) -> tuple[int, int]:
        """Columns and lines, no more than can be drawn in good time."""
        columns, lines = super()._get_terminal_size()
        return min(columns, _LARGEST[0]), min(lines, _LARGEST[1])

    def _terminal_gone(self) -> None:
        """Ask the app to end, which waits for a card write. Should it not, end it the hard way."""
        hard_end = threading.Timer(_DEADLINE, os._exit, (EX_IOERR,))
        hard_end.daemon = True
        hard_end.start()
        self._app.hang_up()  # type: ignore[attr-defined]
