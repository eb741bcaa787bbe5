"""A dialogue that follows a script: a story is a list of (step expected, answer given)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from kiosk.dialogue import Abandoned, Gone
from kiosk.steps import Busy, Step

Reply = Any  # an answer, a Gone (the person leaves here), or a function of the step (maybe async)


@dataclass(frozen=True)
class See:
    """Expect a step of that type with these fields, and give that reply."""

    step: type[Step[Any]]
    reply: Reply = None
    fields: dict[str, Any] = field(default_factory=dict)


def see(step: type[Step[Any]], reply: Reply = None, **fields: Any) -> See:
    """Expect ``step`` with ``fields`` and answer ``reply``."""
    return See(step, reply, fields)


class Script:
    """Plays one visit's lines; fails at the first step that differs."""

    def __init__(self) -> None:
        self.lines: list[See] = []
        self.language = "en"
        self.seen: list[Step[Any]] = []
        self.work: list[Busy] = []
        self.gone: Gone | None = None

    async def ask(self, step: Step[Any]) -> Any:
        """Hold the step against the next line."""
        if self.gone is not None:
            raise Abandoned(self.gone, unseen=True)
        self.seen.append(step)
        assert self.lines, f"the story is over, and the kiosk asks {step}"
        line = self.lines.pop(0)
        assert type(step) is line.step, f"expected {line.step.__name__} {line.fields}, got {step}"
        for name, value in line.fields.items():
            found = getattr(step, name)
            assert found == value, f"{line.step.__name__}.{name}: expected {value!r}, got {found!r}"
        reply = line.reply
        if isinstance(reply, Callable):  # type: ignore[arg-type]
            reply = reply(step)
            if hasattr(reply, "__await__"):
                reply = await reply
        if isinstance(reply, Gone):
            self.gone = reply
            raise Abandoned(reply)
        return (
            SecretStr(reply) if isinstance(reply, str) and step.__class__.__name__ in SECRET_STEPS else reply
        )

    @asynccontextmanager
    async def busy(self, work: Busy) -> AsyncIterator[None]:
        """Note what the kiosk did."""
        self.work.append(work)
        yield

    def finish(self) -> None:
        """Every line must have been played."""
        assert not self.lines, f"never asked: {[line.step.__name__ for line in self.lines]}"


SECRET_STEPS = {"EnterPasscode", "EnterCode", "EnterAssistance"}
