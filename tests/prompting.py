"""deploy/login_vt.py as systemd runs it, on a real virtual terminal of this machine, for whoever calls."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest

from deploy.login_vt import Consoles

VT = 9

_SCRIPT = Path(__file__).parent.parent / "deploy" / "login_vt.py"
_HANDED_OVER = ("sh", "-c", 'exec 3<&0 </dev/null "$@"', "sh")  # as descriptor 3, as systemd does
_TURN = Path(tempfile.gettempdir()) / "unlock-kiosk-tests-consoles"


@pytest.fixture
def consoles() -> Iterator[Consoles]:
    """The machine's virtual terminals, of which one is in front: for one test at a time, in whatever run."""
    if os.geteuid() != 0 or not os.access("/dev/tty0", os.R_OK | os.W_OK):
        pytest.skip("no root, or a kernel without virtual terminals: nothing that could be installed")
    with _TURN.open("ab") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        Path(f"/dev/tty{VT}").write_bytes(b"\033[H\033[J")  # the last test's prompt is not this one's
        yield Consoles()


def on_the_screen(number: int) -> str:
    """What a virtual terminal shows (vcs(4))."""
    return Path(f"/dev/vcs{number}").read_text("latin-1")


@asynccontextmanager
async def listening(path: Path, *options: str) -> AsyncIterator[list[subprocess.Popen[bytes]]]:
    """What unlock-kiosk-login.socket does: one call at a time starts the service, with it as descriptor 3."""
    started: list[subprocess.Popen[bytes]] = []

    def answer(call: socket.socket) -> None:
        with closing(call):
            if not started or started[-1].poll() is not None:  # MaxConnections=1
                note = ("--note", str(path.with_name("note")))
                command = [*_HANDED_OVER, sys.executable, "-I", str(_SCRIPT), *note, *options]
                started.append(subprocess.Popen(command, stdin=call.fileno()))

    with suppress(FileNotFoundError):  # a socket unit that was stopped leaves it behind
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    listener.setblocking(False)

    async def accept() -> None:
        while True:
            call, _ = await asyncio.get_running_loop().sock_accept(listener)
            answer(call)

    accepting = asyncio.create_task(accept())
    try:
        yield started
    finally:
        accepting.cancel()
        listener.close()
        for process in started:
            process.terminate()
            await asyncio.to_thread(process.wait)
