"""A trace of what tools and cards say to each other, fit to be shown.

Every byte that might be a secret is masked: `cardio.wording` has the list of what may be shown. Of what
a command with masked data carries not even the length is told, for that may be a passcode's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cardio import names
from cardio.apdu import Command, Response, Send
from cardio.errors import ProtocolError
from cardio.wording import Session

MASKED = "[masked]"
_WIDTH = 80  # columns
_BYTES_IN_A_LINE = 16


@dataclass(frozen=True)
class TraceLine:
    """One exchange, safe to show, to log and to send.

    ``at`` and ``took`` are milliseconds: since the trace began, and until the answer was there.
    ``application`` is the one selected before the command; ``header`` is CLA INS P1 P2. ``data`` and
    ``answer`` are hexadecimal, or in brackets what was left out. ``sw`` is None where no answer came,
    and ``status`` then says why.
    """

    at: float
    took: float
    application: str
    command: str
    header: str
    data: str
    answer: str
    sw: int | None
    status: str

    def __str__(self) -> str:
        """For people, within 80 columns: what was asked, the bytes both ways, how it ended."""
        end = self.status if self.sw is None else f"{self.sw:04X} {self.status}"
        told = [
            f"{self.took:6.0f} ms  {self.command}",
            f"           > {self.header}  {_cut(self.data)}",
            f"           < {_cut(self.answer)}" if self.answer else "",
            f"           = {end}",
        ]
        return "\n".join(line.rstrip()[:_WIDTH] for line in told if line)


class Tracer:
    """A `cardio.reader.Tap`: tells of every APDU of the sessions it listens to, once it has its answer."""

    def __init__(self, tell: Callable[[TraceLine], None]) -> None:
        self._tell = tell
        self._begun = time.monotonic()

    def __call__(self, send: Send) -> Send:
        """Listen to one session."""
        session = Session()

        async def traced(apdu: bytes) -> bytes:
            sent = time.monotonic()
            answer, failure = None, ""
            try:
                answer = await send(apdu)
            except BaseException as error:
                failure = f"no answer: {type(error).__name__}"
                raise
            finally:
                at, took = _ms(sent - self._begun), _ms(time.monotonic() - sent)
                self._tell(trace_line(session, apdu, answer, at=at, took=took, failure=failure))
            return answer

        return traced


def trace_line(
    session: Session, apdu: bytes, answer: bytes | None, *, at: float = 0, took: float = 0, failure: str = ""
) -> TraceLine:
    """Put one exchange of a session into words. ``failure`` says why there is no answer."""
    selected, response, status = session.application, None, failure
    try:
        response = None if answer is None else Response.parse(answer)
        status = names.status(response.sw) if response else failure
    except ProtocolError:
        status = "answer without a status word"
    try:
        command = Command.parse(apdu)
    except ProtocolError:
        sw = response.sw if response else None
        return TraceLine(at, took, selected, "not an APDU", "", MASKED, "", sw, status)
    words, asked = session.words(command), session.asked(command)
    line = TraceLine(
        at=at,
        took=took,
        application=selected,
        command=words,
        header=_hex(command.header),
        data=_hex(command.data) if session.harmless(command) else MASKED,
        answer=_answer(session, asked, response),
        sw=response.sw if response else None,
        status=status,
    )
    if response:
        session.answered(asked, response)
    return line


def _answer(session: Session, asked: Command, response: Response | None) -> str:
    if response is None or not response.data:
        return ""
    if session.public(asked):
        return _hex(response.data)
    return f"[{len(response.data)} bytes]" if session.harmless(asked) else MASKED


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _hex(data: bytes) -> str:
    return data.hex(" ").upper()


def _cut(digits: str) -> str:
    """As much as fits, and how many bytes there are."""
    count = (len(digits) + 1) // 3
    if digits.startswith("[") or count <= _BYTES_IN_A_LINE:
        return digits
    return f"{digits[: 3 * _BYTES_IN_A_LINE - 1]} ... ({count} bytes)"
