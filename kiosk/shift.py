"""A shift: one attendant's time at a kiosk, with what goes on beside them."""

from __future__ import annotations

import asyncio
import logging
from importlib.metadata import version

from kiosk.attendant import EXIT_START_AGAIN, Attendant
from kiosk.dialogue import Stage
from kiosk.lookout import Lookout
from kiosk.staff.entry import Leaving, Lobby
from kiosk.staff.wiring import open_lobby
from kiosk.wiring import Parts

log = logging.getLogger(__name__)


class Shift:
    """An attendant's time at a kiosk, which may be told to end before the attendant is there."""

    def __init__(self) -> None:
        self.lobby: Lobby | None = None  # where staff come in, while the attendant is there
        self._attendant: Attendant | None = None
        self._over = False

    async def work(self, stage: Stage, parts: Parts) -> int:
        """Receive cards until the end; closes ``parts``. Returns the exit code of the process."""
        settings = parts.service.settings
        lobby, beside = open_lobby(parts), self._begin_beside(parts)
        try:
            with parts.logbook.listening():
                log.info("started: %s, release %s", settings.site.kiosk_name, version("unlock-kiosk"))
                self._attendant = Attendant(stage, parts.reader, parts.service, parts.watch, parts.hold)
                if self._over:
                    self._attendant.close()
                self.lobby = lobby
                code = await self._attendant.run()
                log.info("stopped%s", ", to be started again" if code == EXIT_START_AGAIN else "")
                return code
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            self.lobby = None
            await lobby.leave(Leaving.CLOSING)
            await parts.close()

    @staticmethod
    def _begin_beside(parts: Parts) -> list[asyncio.Task[None]]:
        """What goes on all the time, whoever is there."""
        settings = parts.service.settings
        work = {"pulse": parts.pulse.run(), "lookout": Lookout(parts.reader).run()}
        if settings.health.textfile is not None:
            from kiosk.textfile import Textfile

            file = settings.state_directory / settings.health.textfile
            reader, pulse = parts.reader, parts.pulse
            work["textfile"] = Textfile(file, settings, reader, pulse, lambda: parts.watch.closed).run()
        return [asyncio.create_task(each, name=name) for name, each in work.items()]

    def end(self) -> None:
        """End at the next question."""
        self._over = True
        if self._attendant is not None:
            self._attendant.close()
