#!/usr/bin/python3
"""A login prompt on another virtual terminal, for the administrator who has asked for it at the kiosk.

Run by systemd as root, once for each call on unlock-kiosk-login.socket; the call is descriptor 3. It
answers "shown" when the prompt is in front, or says why there is none. The kiosk's screen comes back when
whoever logged in has logged out, when nobody has within a minute, or when nothing was typed for two: then
everything on that terminal is hung up. Where it was killed, ``--tidy`` does that in its place. Needs
Python's standard library alone, so that it never runs code which the kiosk's account may write.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pwd
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

VT_GETSTATE, VT_ACTIVATE, VT_WAITACTIVE, VT_LOCKSWITCH, VT_UNLOCKSWITCH = (
    0x5603,
    0x5606,
    0x5607,
    0x560B,
    0x560C,
)
TIOCVHANGUP = 0x5437
PROMPT = 60  # seconds in which somebody has to log in
IDLE = 120  # seconds without a key
NOTE = Path("/run/unlock-kiosk-login.before")
LOOK = 1.0  # seconds between two looks; the kernel keeps the time of a key to within 8 s


class Consoles:
    """The virtual terminals of the machine (ioctl_vt(2))."""

    def __init__(self) -> None:
        self._any = os.open("/dev/tty0", os.O_RDWR | os.O_NOCTTY)

    def active(self) -> int:
        """The number of the one in front."""
        return int(struct.unpack("HHH", fcntl.ioctl(self._any, VT_GETSTATE, bytes(6)))[0])

    def show(self, number: int) -> None:
        """Bring one to the front, and let nobody switch by keys."""
        fcntl.ioctl(self._any, VT_UNLOCKSWITCH, 0)
        fcntl.ioctl(self._any, VT_ACTIVATE, number)
        fcntl.ioctl(self._any, VT_WAITACTIVE, number)
        fcntl.ioctl(self._any, VT_LOCKSWITCH, 0)


def may_log_in(uid: int, shadow: Path = Path("/etc/shadow")) -> bool:
    """Whether that account could log in at a prompt: it has a shell, and a password here or elsewhere."""
    account = pwd.getpwuid(uid)
    if Path(account.pw_shell).name in {"nologin", "false"}:
        return False
    lines = (line.split(":") for line in shadow.read_text().splitlines())
    password = next((fields[1] for fields in lines if fields[0] == account.pw_name), "")
    return not password.startswith(("!", "*"))


def caller(call: socket.socket) -> int:
    """The account at the other end (unix(7), SO_PEERCRED)."""
    credentials = call.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[1])


def serve(tty: Path, idle: float) -> None:
    """Ask for a name and password on a terminal, and return when it is free again."""
    typed, since = tty.stat().st_atime, time.monotonic()  # which no change of the clock makes longer
    command = ["agetty", "--timeout", str(PROMPT), "--nohostname", str(tty.relative_to("/dev")), "linux"]
    prompt: subprocess.Popen[bytes] | None = None
    try:
        prompt = subprocess.Popen(command, start_new_session=True)
        while prompt.poll() is None and time.monotonic() - since < idle:
            time.sleep(LOOK)
            if tty.stat().st_atime != typed:
                typed, since = tty.stat().st_atime, time.monotonic()
    finally:
        hang_up(tty)
        if prompt is not None and prompt.poll() is None:
            prompt.send_signal(signal.SIGHUP)
            try:
                prompt.wait(5)
            except subprocess.TimeoutExpired:
                prompt.kill()
                prompt.wait()


def hang_up(tty: Path) -> None:
    """End everything that has the terminal open, as vhangup(2) does."""
    descriptor = os.open(tty, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        fcntl.ioctl(descriptor, TIOCVHANGUP)
    finally:
        os.close(descriptor)


def tidy(vt: int, note: Path) -> None:
    """Hang up what is open on the prompt's terminal, and bring the one back that was in front before."""
    if note.exists():
        hang_up(Path(f"/dev/tty{vt}"))
        if before := note.read_text():  # empty where it was killed before it showed anything
            Consoles().show(int(before))
        note.unlink()


def main(arguments: list[str] | None = None) -> int:
    """Answer one call, or tidy up after one that was killed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--vt", type=int, default=8, help="the virtual terminal of the prompt")
    parser.add_argument("--idle", type=float, default=IDLE, help="seconds without a key")
    parser.add_argument("--note", type=Path, default=NOTE, help="keeps which terminal is to come back")
    parser.add_argument("--tidy", action="store_true", help="end what a prompt that was killed has left")
    asked = parser.parse_args(arguments)
    if asked.tidy:
        tidy(asked.vt, asked.note)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing is left open
    with socket.socket(fileno=3) as call:
        if may_log_in(caller(call)):
            call.sendall(b"the account of the kiosk could log in: lock its password, or give it no shell\n")
            return 1
        consoles = Consoles()
        tidy(asked.vt, asked.note)  # or what is in front would be what an earlier one has left there
        asked.note.write_text(str(consoles.active()))
        try:
            consoles.show(asked.vt)
            call.sendall(b"shown\n")
            serve(Path(f"/dev/tty{asked.vt}"), asked.idle)
        finally:
            tidy(asked.vt, asked.note)
    return 0


if __name__ == "__main__":
    sys.exit(main())
