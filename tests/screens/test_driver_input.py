"""What a terminal reports and what is pasted: neither changes the screen nor holds it up."""

from __future__ import annotations

import fcntl
import signal
import struct
import termios
from collections.abc import Iterator

import pytest

from screens.driver import Pastes
from tests.screens.test_driver import _PROGRAM, _READY, Terminal

_WIDTH_TOLD = _PROGRAM.replace(
    "return 1 if await answer else 2", "await answer; return stage._app.size.width"
)
_BEGIN, _END = "\x1b[200~", "\x1b[201~"
_CAP = Pastes.LONGEST


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """An app that ends with its width as exit code, on a terminal of 80x24."""
    there = Terminal(_WIDTH_TOLD)
    try:
        there.read_until(_READY)
        yield there
    finally:
        there.close()


def resize(terminal: Terminal, columns: int, lines: int) -> None:
    """Change the terminal's size, as its window does."""
    fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    terminal.process.send_signal(signal.SIGWINCH)


@pytest.mark.parametrize(
    "report", [b"\x1b[48;30;90;0;0t", b"\x1b[48;1;1;0;0t", b"\x1b[48;99999;99999;0;0t", b"\x1b[48;0;0;0;0t"]
)
def test_a_size_that_is_typed_is_not_believed(terminal: Terminal, report: bytes) -> None:
    terminal.type(b"\x1b[?2048;1$y")  # "this terminal reports its size so": nor is that
    terminal.type(report)
    terminal.type(b"1")
    assert terminal.exit_code() == 80


def test_the_size_of_the_window_is_followed_after_such_a_report(terminal: Terminal) -> None:
    terminal.type(b"\x1b[?2048;1$y\x1b[48;30;90;0;0t")
    terminal.seen = b""
    resize(terminal, 101, 30)
    terminal.read_until(_READY)  # drawn anew
    assert terminal.exit_code(typing=b"1") == 101


def test_a_huge_window_is_drawn_in_part(terminal: Terminal) -> None:
    terminal.seen = b""
    resize(terminal, 20_000, 10_000)
    terminal.read_until(_READY)
    assert terminal.exit_code(typing=b"1") == 500 % 256


def test_megabytes_that_are_pasted_hold_nothing_up(terminal: Terminal) -> None:
    terminal.type(_BEGIN.encode() + b"2" * 5_000_000 + _END.encode() + b"1")
    assert terminal.exit_code() == 80


def test_a_paste_that_never_ends_does_not_take_the_keyboard(terminal: Terminal) -> None:
    terminal.type(_BEGIN.encode() + b"2" * 5000)
    assert terminal.exit_code(typing=b"1", every=1.0) == 80


@pytest.mark.parametrize(
    ("raw", "cut"),
    [
        ("plain", "plain"),
        (f"a{_BEGIN}bc{_END}d", f"a{_BEGIN}bc{_END}d"),
        (f"{_BEGIN}{_END}", f"{_BEGIN}{_END}"),
        (f"{_BEGIN}{'x' * (_CAP + 1)}{_END}y", f"{_BEGIN}{'x' * _CAP}{_END}y"),
        (f"{_BEGIN}one{_END}{_BEGIN}two{_END}", f"{_BEGIN}one{_END}{_BEGIN}two{_END}"),
        (f"{_BEGIN}a\x1b[Ab{_BEGIN}c{_END}", f"{_BEGIN}a[Ab[200~c{_END}"),
        (f"{_END}\x1b[A", f"{_END}\x1b[A"),
    ],
)
def test_pastes_are_cut_however_they_are_read(raw: str, cut: str) -> None:
    for place in range(len(raw) + 1):
        pastes = Pastes()
        assert pastes.cut(raw[:place]) + pastes.cut(raw[place:]) == cut
    pastes = Pastes()
    assert "".join(pastes.cut(sign) for sign in raw) == cut


def test_a_key_is_never_held_back() -> None:
    pastes = Pastes()
    assert [pastes.cut(sign) for sign in ("\x1b", "[", "2", "0", "0", "x")] == [
        "\x1b",
        "[",
        "2",
        "0",
        "0",
        "x",
    ]
    assert [pastes.tick() for _ in range(5)] == [""] * 5


def test_a_paste_without_an_end_is_over_when_nothing_more_comes() -> None:
    pastes = Pastes()
    assert pastes.cut(f"{_BEGIN}abc") == _BEGIN
    assert (pastes.tick(), pastes.tick(), pastes.cut("d")) == ("", "", "")
    assert [pastes.tick() for _ in range(4)] == ["", "", f"abcd{_END}", ""]
    assert pastes.cut("e") == "e"
