"""The newest lines of this process's log, kept in memory for whoever looks after the machine.

They are the lines that go to the journal anyway; nothing else is kept, and of an exception not even its text.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

KEPT = 2000  # records
LOGGERS = ("kiosk", "screens")


@dataclass(frozen=True)
class Record:
    """A line of the log, or several of one message; ``number`` counts from 1. ``at`` is UTC."""

    number: int
    at: datetime
    level: int
    logger: str
    text: str


class Logbook(logging.Handler):
    """Keeps the last records. Any thread may log."""

    def __init__(self, kept: int = KEPT) -> None:
        super().__init__(logging.INFO)
        self._records: deque[Record] = deque(maxlen=kept)
        self._count = 0

    @property
    def count(self) -> int:
        """How many records there have been, those included that are kept no more."""
        return self._count

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message. An exception's own text may hold anything, and is left out."""
        try:
            text = record.getMessage()
        except Exception:
            self.handleError(record)
            return
        self._count += 1
        at = datetime.fromtimestamp(record.created, UTC)
        self._records.append(Record(self._count, at, record.levelno, record.name, text))

    def records(self) -> tuple[Record, ...]:
        """What is kept, the oldest first."""
        self.acquire()
        try:
            return tuple(self._records)
        finally:
            self.release()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Keep what is logged meanwhile. Loggers that nobody has set a level for tell from INFO on."""
        loggers = [logging.getLogger(name) for name in LOGGERS]
        levels = [logger.level for logger in loggers]
        for logger in loggers:
            logger.addHandler(self)
            logger.setLevel(logger.level or logging.INFO)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.removeHandler(self)
                logger.setLevel(level)
