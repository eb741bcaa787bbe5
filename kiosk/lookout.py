"""What becomes of the reader and the card service, for the log: each change once, whoever has the kiosk."""

from __future__ import annotations

import logging

from cardio.reader import Reader, State

log = logging.getLogger(__name__)


class Lookout:
    """Tells no more than that: of cards it says nothing."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._told: tuple[State, str] | None = None  # nothing yet
        self._name = ""  # of the reader that was there last

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            seen = self._reader.presence
            self._look(State.EMPTY if seen.state.has_reader else seen.state, self._reader.name)
            await self._reader.changed(seen)

    def _look(self, state: State, name: str) -> None:
        before, self._told = self._told, (state, name)
        if before == self._told:
            return
        if before and before[0] is State.NO_SERVICE:
            log.info("the card service is back")
        match state:
            case State.NO_SERVICE:
                log.warning("the card service is gone" if before else "there is no card service")
            case State.NO_READER if self._name:
                log.warning("the reader is gone: %s", self._name)
            case State.NO_READER:
                log.warning("there is no reader")
            case State.SEVERAL:
                log.warning("there are several readers, and reader.name fits none or more than one")
            case State.BROKEN:
                log.error("a command never came back from the reader: %s", self._name)
            case _:
                log.info("the reader is %s: %s", "back" if before else "there", name)
                self._name = name
