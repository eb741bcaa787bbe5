"""The places where a process is killed, found by watching what leaves it and what comes back."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from aiosmtplib.protocol import SMTPProtocol
from aiosmtplib.response import SMTPResponse
from sqlalchemy.engine.default import DefaultDialect

from cardio.virtual.card import VirtualCard

_FILES = ("os.rename", "os.link", "os.remove")  # as Python's audit hooks name them
NEVER = 0


class Points:
    """Counts the points that this process passes, and kills it at the one with the number ``nth``.

    They are: before and after each commit, each APDU and each SMTP exchange, and before each file is
    given or loses its name. There is no way back: it is for processes that end anyway.
    """

    def __init__(self, nth: int = NEVER) -> None:
        self.names: list[str] = []
        self._nth = nth

    def passed(self, name: str) -> None:
        """This is such a point; the process may not live to see the next line."""
        self.names.append(name)
        if len(self.names) == self._nth:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """Find the points of whatever is done from now on."""
        self._watch_commits()
        self._watch_mail()
        sys.addaudithook(self._file)

    def card(self, card: VirtualCard) -> WatchedCard:
        """That card, with a point before and after each command."""
        return WatchedCard(card, self)

    def _watch_commits(self) -> None:
        commit = DefaultDialect.do_commit

        def committed(dialect: DefaultDialect, connection: Any) -> None:
            self.passed("before a commit")
            commit(dialect, connection)  # type: ignore[no-untyped-call]
            self.passed("after a commit")

        DefaultDialect.do_commit = committed  # type: ignore[method-assign]

    def _watch_mail(self) -> None:
        write, read = SMTPProtocol.write, SMTPProtocol.read_response

        def written(protocol: SMTPProtocol, data: bytes) -> None:
            self.passed("before an SMTP command")
            write(protocol, data)

        async def answered(protocol: SMTPProtocol, *limit: float, **named: float) -> SMTPResponse:
            response = await read(protocol, *limit, **named)
            self.passed("after an SMTP answer")
            return response

        SMTPProtocol.write = written  # type: ignore[method-assign, assignment]
        SMTPProtocol.read_response = answered  # type: ignore[method-assign, assignment]

    def _file(self, event: str, _arguments: tuple[Any, ...]) -> None:
        if event in _FILES:
            self.passed(f"before {event}")


class WatchedCard:
    """A card whose commands are points."""

    def __init__(self, card: VirtualCard, points: Points) -> None:
        self._card = card
        self._points = points

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._card.atr

    def power_on(self) -> None:
        """Apply power."""
        self._card.power_on()

    def power_off(self) -> None:
        """Take power away."""
        self._card.power_off()

    def transmit(self, apdu: bytes) -> bytes:
        """Let the card carry a command out."""
        self._points.passed(f"before the APDU {apdu[1]:02X}")
        answer = self._card.transmit(apdu)
        self._points.passed(f"after the APDU {apdu[1]:02X}")
        return answer
