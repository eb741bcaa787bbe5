"""What is in front of the kiosk besides its keys: a hand with cards, and a mailbox."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from cardio.virtual.card import VirtualCard
from cardio.virtual.faults import Faults, Strike
from cardio.virtual.vpcd import plug
from kiosk.demo.smtp import DemoMailServer, Encryption, Inbox, ReceivedMail
from tests.pcscd import PcscService, wait_until

T = TypeVar("T")

_SECONDS = 30.0


class SlowAt(Faults):
    """Answers one command late, long after the card has carried it out."""

    def __init__(self, ins: int, seconds: float) -> None:
        super().__init__()
        self._ins = ins
        self._seconds = seconds

    def next_strike(self, apdu: bytes) -> Strike:
        """Count one command, and set the delay of its answer."""
        self.delay = self._seconds if apdu[1] == self._ins else 0.0
        return super().next_strike(apdu)


class Hands:
    """Puts cards into a real PC/SC reader, and runs mail servers; all in one thread of its own.

    ``faults`` are those of the card that is in, or was in last.
    """

    def __init__(self, pcsc: PcscService) -> None:
        self.pcsc = pcsc
        self.faults = Faults()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="hands", daemon=True)
        self._thread.start()
        self._plugged: Future[None] | None = None
        self._servers: list[DemoMailServer] = []

    def insert(self, card: VirtualCard, faults: Faults | None = None) -> None:
        """Put a card in. Returns at once; the kiosk shows when it has seen it."""
        assert self._plugged is None, "there is a card in the reader"
        self.faults = faults or Faults()
        self._plugged = asyncio.run_coroutine_threadsafe(
            plug(card, slot=self.pcsc.slot, faults=self.faults), self._loop
        )

    def remove(self) -> None:
        """Take the card out, if there is one. Returns when the reader is seen to be empty."""
        plugged, self._plugged = self._plugged, None
        if plugged is not None:
            plugged.cancel()
            self.run(self.pcsc.emptied())

    def mail_server(
        self, folder: Path, encryption: Encryption = "starttls", handler: Inbox | None = None
    ) -> DemoMailServer:
        """A mail server that runs until the end."""
        server = DemoMailServer(folder, encryption=encryption, handler=handler)
        self.run(server.start())
        self._servers.append(server)
        return server

    def mails_to(self, address: str) -> list[ReceivedMail]:
        """The mails that have arrived for somebody, oldest first."""
        return [mail for server in self._servers for mail in server.inbox if mail.recipient == address]

    def wait_for_mail(self, address: str, subject: str) -> ReceivedMail:
        """Wait for a mail with a subject."""

        def found() -> list[ReceivedMail]:
            return [mail for mail in self.mails_to(address) if subject in mail.subject]

        wait_until(lambda: bool(found()), f"no mail to {address} about {subject!r} has come")
        return found()[-1]

    def code_for(self, address: str) -> str:
        """The newest code mailed to an address, as it stands there: "1234 5678"."""
        for mail in reversed(self.mails_to(address)):
            if found := re.search(r"\b\d{4} \d{4}\b", mail.text):
                return found[0]
        raise AssertionError(f"no code was mailed to {address}")

    def run(self, work: Coroutine[object, object, T]) -> T:
        """Run something in the thread, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_SECONDS)

    def close(self) -> None:
        """Take everything away."""
        with suppress(Exception):
            self.remove()
        for server in self._servers:
            self.run(server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS)
        self._loop.close()
