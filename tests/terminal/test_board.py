"""A technician at the board in a real terminal, while what the kiosk needs is really stopped and started."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pcscd import READER
from tests.postgres import QUICK, Server
from tests.terminal.hands import Hands
from tests.terminal.terminal import ENTER, F12, Terminal
from tests.terminal.town import ADMINISTRATOR, ATTRACT, KIOSK, PASSWORD, configuration, mail_table

pytestmark = pytest.mark.xdist_group("pcscd")


@pytest.fixture
def database() -> Iterator[Server]:
    """A server of this test's own, which can be stopped."""
    server = Server(**QUICK)
    server.start()
    yield server
    server.remove()


def _prepared(folder: Path, url: str, mail: dict[str, Any]) -> list[str]:
    """A kiosk on that database, with a technician; how it is called."""
    file = folder / "kiosk.toml"
    tables: dict[str, Any] = {
        "site": {"kiosk_name": "North hall", "ra_phone": "0113 496 0000"},
        "state": {"directory": str(folder / "state")},
        "database": {"url": url},
        "reader": {"name": READER},
        "hashing": {"cost": 10},
        "staff": {"idle": 900},
        "mail": mail,
    }
    file.write_text(configuration(tables))
    call = [str(KIOSK), "--config", str(file)]
    technician = ("staff", "add", "tess", "--role", "technician", "--password", "--as", ADMINISTRATOR)
    for words, lines in ((("init", "--administrator", ADMINISTRATOR), 1), (technician, 2)):
        typed = f"{PASSWORD}\n" * lines
        done = subprocess.run([*call, *words], input=typed, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return call


def _at_the_board(call: list[str], log: Path) -> Terminal:
    kiosk = Terminal([*call, "run"], log)
    kiosk.wait_for(ATTRACT)
    kiosk.keys(F12)
    kiosk.wait_for("Sign in, or put your staff card")
    kiosk.keys("tess", ENTER, PASSWORD, ENTER)
    kiosk.wait_for("Maintenance: health", "signed in")
    return kiosk


def _broken(kiosk: Terminal) -> set[str]:
    """The parts that the board calls broken."""
    lines = [line.strip() for line in kiosk.screen.splitlines()]
    parts = (
        "card service",
        "reader",
        "card in it",
        "store",
        "mail server",
        "clock",
        "notices",
        "last unlock",
    )
    return {part for part in parts for line in lines if line.startswith(part) and " broken " in f"{line} "}


def test_each_is_named_with_what_to_do_and_comes_back(hands: Hands, database: Server, tmp_path: Path) -> None:
    hands.pcsc.start()
    hands.remove()
    mail = hands.mail_server(tmp_path)
    call = _prepared(tmp_path, database.empty(), mail_table(mail, tmp_path))
    kiosk = _at_the_board(call, tmp_path / "log")

    def see(name: str, what: str, broken: bool) -> None:
        word = "is broken" if broken else "is not broken any more"
        kiosk.wait_until(lambda: (name in _broken(kiosk)) is broken, f"word that {name} {word}")
        if broken:
            kiosk.wait_for(what)

    faults: tuple[tuple[str, str, Callable[[], None], Callable[[], None]], ...] = (
        ("card service", "pcscd", hands.pcsc.stop, hands.pcsc.start),
        ("store", "database", database.stop, database.start),
        ("mail server", "mail", lambda: hands.run(mail.stop()), lambda: hands.run(mail.start())),
    )
    try:
        assert not _broken(kiosk)
        for name, advice, stop, start in faults:
            stop()
            see(name, advice, broken=True)
            assert _broken(kiosk) & {one[0] for one in faults} == {name}
            start()
            see(name, "", broken=False)
        kiosk.wait_until(lambda: not _broken(kiosk), "a board without anything broken")
        kiosk.keys("\x1b")
        kiosk.wait_for(ATTRACT)
    finally:
        kiosk.close()
