"""A kiosk as a site has it: configured by a file, prepared and filled by the real commands."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import SIGTERM
from typing import Any

from cardio.virtual.piv import PivCard
from kiosk.demo.smtp import DemoMailServer, Encryption, Inbox
from tests.pcscd import READER
from tests.sampling import LONG
from tests.terminal.hands import Hands
from tests.terminal.people import Person, crowd, register_all, roll
from tests.terminal.terminal import Terminal

KIOSK = Path(sys.executable).with_name("kiosk")
ADMINISTRATOR, OFFICER, PASSWORD = "adam", "olga", "violet tractor umbrella"
OFFICERS_PIN = "725190"
ATTRACT = "Put your smartcard in the reader"

Table = Mapping[str, Any]


def mail_table(server: DemoMailServer, folder: Path) -> dict[str, Any]:
    """The ``[mail]`` table that leads to a server, with STARTTLS whatever it offers."""
    password = folder / "password"
    password.touch(0o600)
    password.write_text(server.password.get_secret_value())
    settings = server.settings.model_dump(mode="json", exclude_defaults=True)
    return {**settings, "tls": "starttls", "password_file": str(password)}


def configuration(tables: Mapping[str, Table]) -> str:
    """A kiosk.toml."""
    return "".join(
        f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
        for name, table in tables.items()
    )


class Town:
    """State, mail server, reader, people, and at most one running kiosk.

    People are there to be used up: no test meets somebody whom another has left half-way.
    """

    def __init__(self, folder: Path, hands: Hands) -> None:
        self.hands = hands
        self.folder = folder
        self.log = folder / "kiosk.log"
        self.officers_card = PivCard(pin=OFFICERS_PIN, name="Olga Price")
        self._defaults = self._make_defaults()
        self._configurations: list[str] = []
        self._running: tuple[Path, str] | None = None
        self._kiosk: Terminal | None = None
        self._newcomers = crowd("N", 60)
        self._registered = crowd("R", 140 if LONG else 50)
        self._prepare()

    def _make_defaults(self) -> dict[str, dict[str, Any]]:
        return {
            "site": {"kiosk_name": "North hall", "ra_phone": "0113 496 0000"},
            "state": {"directory": str(self.folder / "state")},
            "reader": {"name": READER},
            "hashing": {"cost": 10},
            "mail": self.mail_server("post"),
        }

    def mail_server(
        self, name: str, encryption: Encryption = "starttls", handler: Inbox | None = None
    ) -> dict[str, Any]:
        """Start a mail server; the ``[mail]`` table that leads to it, with STARTTLS whatever it offers."""
        folder = self.folder / name
        folder.mkdir()
        return mail_table(self.hands.mail_server(folder, encryption, handler), folder)

    def _prepare(self) -> None:
        self.command("init", "--administrator", ADMINISTRATOR, typed=(PASSWORD,))
        officer = (OFFICER, "--role", "officer", "--password", "--card", "--as", ADMINISTRATOR)
        self.hands.insert(self.officers_card)
        self.command("staff", "add", *officer, typed=(PASSWORD, PASSWORD, OFFICERS_PIN))
        self.hands.remove()
        first = self._newcomers[0]
        add = ("add", first.id, first.name, "--email", first.email, "--as", OFFICER)
        self.command("holder", *add, typed=(PASSWORD,))
        everybody = self.folder / "people.csv"
        everybody.touch(0o600)
        everybody.write_text(roll([*self._newcomers, *self._registered]))
        self.command("card", "import", str(everybody), "--as", OFFICER, typed=(PASSWORD,))
        self.hands.run(register_all(self.configure(), self._registered))

    def newcomer(self) -> Person:
        """Somebody with a working card, who has not registered."""
        return self._newcomers.pop(0)

    def registered(self, *, locked: bool = False) -> Person:
        """Somebody who has registered."""
        person = self._registered.pop(0)
        if locked:
            person.card.lock()
        return person

    def configure(self, **sections: Table) -> Path:
        """A configuration file, with some keys changed."""
        tables = {name: {**self._defaults.get(name, {}), **keys} for name, keys in sections.items()}
        text = configuration({**self._defaults, **tables})
        if text not in self._configurations:
            self._configurations.append(text)
        path = self.folder / f"kiosk-{self._configurations.index(text)}.toml"
        path.write_text(text)
        return path

    def command(self, *words: str, typed: Sequence[str] = ()) -> str:
        """Run a command of the kiosk's to its end, with these lines on standard input; what it printed."""
        call = [str(KIOSK), "--config", str(self.configure()), *words]
        lines = "".join(f"{line}\n" for line in typed)
        done = subprocess.run(call, input=lines, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def kiosk(self, *, term: str = "xterm-256color", **sections: Table) -> Terminal:
        """A kiosk that waits for cards: the one that runs, if it was started so, or else a new one."""
        self.hands.pcsc.start()
        self.hands.remove()
        wanted = self.configure(**sections), term
        if self._kiosk is not None and (self._running != wanted or not self._is_waiting(self._kiosk)):
            self.end()
        if self._kiosk is None:
            command = [str(KIOSK), "--config", str(wanted[0]), "run"]
            self._running, self._kiosk = wanted, Terminal(command, self.log, term=term)
            self._kiosk.wait_for(ATTRACT)
        return self._kiosk

    def end(self) -> None:
        """Make sure that no kiosk runs."""
        if self._kiosk is not None:
            kiosk, self._kiosk = self._kiosk, None
            kiosk.close(SIGTERM)

    def _is_waiting(self, kiosk: Terminal) -> bool:
        """Whether the running kiosk was left as it should be, by a test that passed."""
        return not kiosk.ended and kiosk.comes_to(ATTRACT)
