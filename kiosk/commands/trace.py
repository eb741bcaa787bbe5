"""`kiosk card trace`: every APDU between the tools and the card, in words, without anything secret."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.commands.configuration import ReaderPattern, settings_of
from kiosk.commands.inspect import own, say
from kiosk.commands.printing import harmless

if TYPE_CHECKING:
    from cardio.reader import Reader
    from cardio.tracing import TraceLine
    from kiosk.settings import Settings


def trace(
    context: typer.Context,
    reader: ReaderPattern = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Ask every family and application, as 'kiosk card inspect' does.")
    ] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with the next card, until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Show every APDU while a card is read.

    Each configured family identifies the card, reads its counters, certificate and keys, and has it sign
    where that needs no passcode. Each command is shown when its answer is there: what it asks, > what went
    out, < what came back, = the status word. Whatever may be secret or personal is masked. It spends no
    try, sends no secret, and changes nothing.

    \b
    Examples: kiosk card trace
              kiosk card trace --all --json > trace.jsonl
              kiosk card trace --follow --reader "Gemalto*"
    """
    settings = settings_of(context, reader=reader)
    with ExitStack() as stack:
        own(stack, settings, "kiosk card trace")
        asyncio.run(follow_cards(settings, Printer(as_json=as_json), everything=everything, follow=follow))


class Printer:
    """Prints the trace as it comes."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def line(self, line: TraceLine) -> None:
        """One exchange."""
        if self._as_json:
            typer.echo(json.dumps({**asdict(line), "sw": None if line.sw is None else f"{line.sw:04X}"}))
        else:
            typer.echo(str(line))

    def heading(self, text: str) -> None:
        """What the next exchanges are for; not between JSON lines."""
        if not self._as_json:
            typer.echo(harmless(text))


async def follow_cards(settings: Settings, printer: Printer, *, everything: bool, follow: bool) -> None:
    """Wait for a card and have it read under the tap, and then the next if ``follow``. Raises CardIOError."""
    from cardio.errors import CardIOError, ReaderBroken
    from cardio.tracing import Tracer
    from kiosk import wiring
    from kiosk.office.waiting import NOT_LOOKED, wait_for_card

    reader = wiring.pcsc_reader(settings)
    reader.tap = Tracer(printer.line)
    present = NOT_LOOKED
    try:
        while True:
            present = await wait_for_card(reader, say, after=present)
            try:
                await _read(settings, reader, present.insertion, printer, everything=everything)
            except CardIOError as error:
                if not follow or isinstance(error, ReaderBroken):
                    raise
                printer.heading(f"Not read to its end: {type(error).__name__}")
            if not follow:
                return
    finally:
        await reader.aclose()


async def _read(
    settings: Settings, reader: Reader, insertion: int, printer: Printer, *, everything: bool
) -> None:
    from kiosk.families import families
    from kiosk.office.inspecting import ask, every_family, read_applications

    known = every_family(settings) if everything else families(settings)
    for family in known:
        printer.heading(f"Family {family.name}")
        seen = await ask(settings, reader, insertion, family)
        printer.heading(f"  {family.name}: {seen.id or seen.answer.value} {seen.detail}".rstrip())
    if everything:
        printer.heading("Well-known applications, and EF.DIR")
        await read_applications(reader, insertion)
