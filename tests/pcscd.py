"""A real PC/SC service for tests: pcscd with the vpcd driver, and virtual cards plugged into it.

Only one pcscd can run on a machine, for its socket has a fixed place, so every test that uses the
fixture belongs to one xdist group: ``pytestmark = pytest.mark.xdist_group("pcscd")``.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TextIO

import pytest
from smartcard import scard  # type: ignore[import-untyped]

from cardio.virtual.card import VirtualCard
from cardio.virtual.faults import Faults
from cardio.virtual.vpcd import VPCD_PORT, plug

READER = "Virtual PCD 00 00"
"""The reader of slot 0."""

_RUN = Path("/run/pcscd")
_SOCKET = _RUN / "pcscd.comm"
_LOCK = Path(tempfile.gettempdir()) / "unlock-kiosk-tests.pcscd.lock"
_SECONDS = 15.0


class PcscService:
    """One pcscd in the foreground. ``start`` and ``stop`` may be called as often as a test needs."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._claim: TextIO | None = None

    def claim(self) -> None:
        """Wait until no other test run on this machine uses pcscd, and keep others out."""
        if self._claim is None:
            self._claim = _LOCK.open("w")
            fcntl.flock(self._claim, fcntl.LOCK_EX)

    def release(self) -> None:
        """Let the next test run have it."""
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    @property
    def running(self) -> bool:
        """Whether this pcscd was started and not stopped since."""
        return self._process is not None

    def start(self) -> None:
        """Start pcscd and wait until it listens, for programs and for cards. Fails loudly if it cannot."""
        if self._process is not None:
            return
        program = shutil.which("pcscd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None:
            pytest.fail("pcscd is missing: apt-get install pcscd vsmartcard-vpcd")
        if _answers(_SOCKET):
            pytest.fail("another pcscd runs on this machine; stop it, the tests need one of their own")
        _RUN.mkdir(parents=True, exist_ok=True)
        for leftover in (_SOCKET, _RUN / "pcscd.pid"):
            leftover.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [program, "--foreground"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(lambda: _answers(_SOCKET) and _listens(VPCD_PORT), "pcscd does not come up")

    def stop(self, *, kill: bool = False) -> None:
        """End pcscd, politely or as a crash would."""
        if self._process is None:
            return
        if kill:
            self._process.kill()
        else:
            self._process.terminate()
        self._process.wait(_SECONDS)
        self._process = None

    @asynccontextmanager
    async def card(self, card: VirtualCard, faults: Faults | None = None) -> AsyncIterator[None]:
        """Keep a virtual card in slot 0 for the length of the block."""
        plugged = asyncio.create_task(plug(card, faults=faults))
        try:
            yield
        finally:
            plugged.cancel()
            with suppress(asyncio.CancelledError):
                await plugged
            await self.emptied()

    async def emptied(self) -> None:
        """Wait until pcscd has seen that slot 0 is empty; it looks every 400 ms.

        A card plugged in before that, where the last one left during a command, is never noticed: the
        state says "empty" at once then. Only the even count of insertions and removals tells.
        """
        if self.running:
            await asyncio.to_thread(wait_until, _slot_is_empty, "pcscd does not see that the card left")


def _slot_is_empty() -> bool:
    hresult, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    if hresult != scard.SCARD_S_SUCCESS:
        return False
    _, ((_, flags, _),) = scard.SCardGetStatusChange(context, 0, [(READER, scard.SCARD_STATE_UNAWARE)])
    scard.SCardReleaseContext(context)
    return bool(flags & scard.SCARD_STATE_EMPTY) and (flags >> 16) % 2 == 0


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds. Fails the test with ``what`` after 15 s."""
    end = time.monotonic() + _SECONDS
    while not condition():
        if time.monotonic() > end:
            pytest.fail(what)
        time.sleep(0.02)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _listens(port: int) -> bool:
    """Whether vpcd listens, without calling it: a call would be taken for a card."""
    wanted = f":{port:04X}"
    lines = [
        line.split()
        for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
        if table.exists()
        for line in table.read_text().splitlines()[1:]
    ]
    return any(fields[1].endswith(wanted) and fields[3] == "0A" for fields in lines)


_SERVICE = PcscService()


@pytest.fixture(scope="session")
def pcsc_session() -> Iterator[PcscService]:
    """The service of this test run: one, however many conftest files import the fixture.

    Another test run on this machine is waited for: it has the socket, and its cards would come to us.
    """
    _SERVICE.claim()
    _SERVICE.start()
    yield _SERVICE
    _SERVICE.stop()
    _SERVICE.release()


@pytest.fixture
def pcsc_service(pcsc_session: PcscService) -> PcscService:
    """The service, running: started again if the test before this one left it stopped."""
    pcsc_session.start()
    return pcsc_session
