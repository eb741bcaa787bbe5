"""What outlives a process that is killed: the card, the mailbox, the person, the disk."""

from __future__ import annotations

import asyncio
import multiprocessing
import re
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import Any

from kiosk.demo.smtp import DemoMailServer
from kiosk.steps import Ending
from tests.killed.child import Errand, Shown, live
from tests.killed.points import NEVER
from tests.stories.cast import AnyCard
from tests.stories.person import WRITES
from tests.stories.plots import NEW_PIN
from tests.stories.world import PIN, RA_EMAIL

_PATIENCE = 60  # seconds in which a living process says something
_CODE = re.compile(r"\b(\d{4}) (\d{4})\b")
Processes = ForkServerContext | SpawnContext
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.killed.child"])  # or each would load everything anew


@dataclass
class Life:
    """What a process did, as it was seen from outside. ``points``: of one that came to its end."""

    points: tuple[str, ...] = ()
    shown: list[Shown] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    pin: str = PIN
    killed: bool = False

    @property
    def endings(self) -> list[Ending]:
        """What the person was told had been done."""
        return [one.ending for one in self.shown if one.ending is not None]


class Outside:
    """Starts processes and answers them."""

    def __init__(self, card: AnyCard, server: DemoMailServer) -> None:
        self.card = card
        self.server = server

    async def life(self, errand: Errand, nth: int = NEVER, processes: Processes = _PROCESSES) -> Life:
        """Let a process do it; kill it at its point number ``nth``."""
        return await asyncio.to_thread(self._life, errand, nth, processes)

    def codes(self) -> list[str]:
        """The codes in the person's mailbox, oldest first."""
        found = [_CODE.search(mail.text) for mail in self.server.inbox if mail.recipient == RA_EMAIL]
        return [match[1] + match[2] for match in found if match]

    def notices(self) -> list[str]:
        """The subjects of what came without a code, to whomever, oldest first."""
        return [mail.subject for mail in self.server.inbox if not _CODE.search(mail.text)]

    def _life(self, errand: Errand, nth: int, processes: Processes) -> Life:
        ours, theirs = processes.Pipe()
        process = processes.Process(target=live, args=(errand, nth, theirs))
        process.start()
        theirs.close()
        life, failed = Life(), ""
        with closing(ours), closing(process):
            while (said := _said(ours)) is not None:
                what, detail = said
                if what == "failed":
                    failed = detail
                ours.send(self._answer(life, what, detail))
            process.join()
            life.killed = process.exitcode == -9
        assert not failed, failed
        assert life.killed is (nth != NEVER), process
        return life

    def _answer(self, life: Life, what: str, detail: Any) -> Any:
        match what:
            case "atr":
                return self.card.atr
            case "power_on" | "power_off":
                getattr(self.card, what)()
            case "transmit":
                return self._transmit(life, detail)
            case "code":
                return self.codes()[-1]
            case "shown":
                life.shown.append(detail)
                if detail.ending in (Ending.CARD_WORKS, *WRITES):
                    life.pin = NEW_PIN
            case "pin":
                life.pin = detail
            case "ended":
                life.points = detail
        return None

    def _transmit(self, life: Life, apdu: bytes) -> bytes:
        before = _held(self.card)
        answer = self.card.transmit(apdu)
        after = _held(self.card)
        life.writes += [name for name in after if after[name] != before[name]]
        return answer


def _said(connection: Any) -> tuple[str, Any] | None:
    """What the process says, None when it is no more."""
    try:
        assert connection.poll(_PATIENCE), "the process hangs"
        said: tuple[str, Any] = connection.recv()
    except (EOFError, ConnectionResetError):
        return None
    return said


def _held(card: AnyCard) -> dict[str, str | bytes]:
    """The passcode and the other secrets in a card, by name."""
    return {name: value for name, value in vars(card.state()).items() if isinstance(value, str | bytes)}
