"""A real PC/SC service for tests: pcscd with the vpcd driver, and virtual cards plugged into it.

It is a service of the tests' own, beside one that the machine may have: pcscd is handed a socket in a
temporary folder, as systemd would do (sd_listen_fds(3)), and told to read no configuration but ours, in
which vpcd listens on a free port. So it needs no root, and no test meets a reader of this machine:
tests/conftest.py points the PC/SC library at `SOCKET` before anything is imported.

Tests that use the fixture belong to one xdist group, for there are no more than two cores:
``pytestmark = pytest.mark.xdist_group("pcscd")``.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from smartcard import scard  # type: ignore[import-untyped]

from cardio.virtual.card import VirtualCard
from cardio.virtual.faults import Faults
from cardio.virtual.vpcd import VPCD_PORT, plug

READER = "Virtual PCD 00 00"
"""The reader of slot 0."""

_FOLDER = Path(tempfile.mkdtemp(prefix="pcscd-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)

SOCKET = _FOLDER / "pcscd.comm"
"""Where programs reach the service: the value of $PCSCLITE_CSOCK_NAME."""

_RUN = Path("/run/pcscd")
_VPCD = """FRIENDLYNAME "Virtual PCD"
DEVICENAME   /dev/null:0x{port:X}
LIBPATH      {library}
CHANNELID    0x{port:X}
"""
_LIBRARY = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
_NOBODY = 65534
# pcscd takes descriptor 3 as its listening socket where LISTEN_PID is its own process id.
_WITH_SOCKET = 'exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
_SECONDS = 15.0


class PcscService:
    """One pcscd in the foreground. ``start`` and ``stop`` may be called as often as a test needs."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0  # chosen at the first start, and kept over restarts

    @property
    def slot(self) -> int:
        """The number to give to `plug`, and to `kiosk card plug --slot`, for the reader `READER`."""
        return self._port - VPCD_PORT

    @property
    def running(self) -> bool:
        """Whether this pcscd was started and not stopped since."""
        return self._process is not None

    def start(self) -> None:
        """Start pcscd and wait until it listens, for programs and for cards. Fails loudly if it cannot."""
        if self._process is not None:
            return
        program = shutil.which("pcscd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None or not _LIBRARY.exists():
            pytest.fail("pcscd or its vpcd driver is missing: apt-get install pcscd vsmartcard-vpcd")
        self._port = self._port or _free_ports()
        command = [program, "--foreground", "--config", str(self._configure())]
        if "--disable-polkit" in subprocess.run([program, "--help"], capture_output=True, text=True).stdout:
            command.append("--disable-polkit")  # there is no session to ask about
        _prepare_run()
        SOCKET.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(SOCKET))
            SOCKET.chmod(0o666)
            listening.listen(16)
            self._process = subprocess.Popen(
                ["sh", "-c", _WITH_SOCKET, "sh", *command],
                stdin=listening.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                # As root it would touch the process-id file of the machine's own pcscd.
                user=_NOBODY if os.geteuid() == 0 else None,
            )  # fmt: skip
        wait_until(self._is_up, "pcscd does not come up")

    def _is_up(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            pytest.fail(f"pcscd ended with code {self._process.returncode}")
        return _listens(self._port) and _listens(self._port + 1)

    def _configure(self) -> Path:
        """A folder with the one configuration file that this pcscd reads."""
        folder = _FOLDER / "reader.conf.d"
        folder.mkdir(exist_ok=True)
        _FOLDER.chmod(0o755)
        (folder / "vpcd").write_text(_VPCD.format(port=self._port, library=_LIBRARY))
        return folder

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
        plugged = asyncio.create_task(plug(card, slot=self.slot, faults=faults))
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


def _prepare_run() -> None:
    """The folder without which pcscd does not start, though it keeps nothing of ours there."""
    if not _RUN.exists():
        if os.geteuid() != 0:
            pytest.fail(f"{_RUN} is missing (systemd makes it): sudo mkdir {_RUN}")
        _RUN.mkdir()


def _free_ports() -> int:
    """The first of two neighbouring TCP ports, one for each slot of vpcd, that nobody listens on.

    Another run that starts at the same moment begins to look elsewhere.
    """
    first = 2 * os.getpid()
    ports = (36_100 + (first + further) % 800 for further in range(0, 800, 2))
    return next(port for port in ports if not _listens(port) and not _listens(port + 1))


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
    """The service of this test run: one, however many conftest files import the fixture."""
    _SERVICE.start()
    yield _SERVICE
    _SERVICE.stop()


@pytest.fixture
def pcsc_service(pcsc_session: PcscService) -> PcscService:
    """The service, running: started again if the test before this one left it stopped."""
    pcsc_session.start()
    return pcsc_session
