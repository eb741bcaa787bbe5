"""`kiosk card inspect`: what the card in the reader is, and what a kiosk would do for it."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import typer

from kiosk.commands.configuration import AsJson, ReaderPattern, settings_of
from kiosk.commands.printing import as_json as print_json
from kiosk.commands.printing import harmless

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kiosk.office.inspecting import Inspection, SeenFamily
    from kiosk.office.prospects import Prospect
    from kiosk.settings import Settings

_LABEL, _WIDTH = 16, 80  # columns


def inspect(context: typer.Context, reader: ReaderPattern = "", as_json: AsJson = False) -> None:
    """Say what the card in the reader is.

    Its answer to reset, the applications on it, the card family a kiosk would take and why, its number,
    tries left, keys and certificate; and whether it can be unlocked here, and if not why. Every family is
    tried, configured or not. It spends no try, sends no secret, and changes nothing; it needs no store.

    \b
    Examples: kiosk card inspect
              kiosk card inspect --reader "Gemalto*" --json
    """
    settings = settings_of(context, reader=reader)
    with ExitStack() as stack:
        own(stack, settings, "kiosk card inspect")
        seen, prospect = asyncio.run(_look(settings))
    if as_json:
        print_json(_plain(seen, prospect))
        return
    for label, text in _told(seen, prospect):
        typer.echo("\n".join(_folded(label, text)))


def own(stack: ExitStack, settings: Settings, purpose: str) -> None:
    """Own the reader; not where there is no state directory, for then no kiosk could be disturbed."""
    from kiosk.ownership import own_reader

    try:
        stack.enter_context(own_reader(settings, purpose))
    except OSError:
        typer.echo("Note: no state directory that could be used; only the card is looked at.", err=True)


async def _look(settings: Settings) -> tuple[Inspection, Prospect | None]:
    from kiosk import wiring
    from kiosk.office.inspecting import inspect as look_at
    from kiosk.office.prospects import prospect
    from kiosk.office.waiting import wait_for_card

    reader = wiring.pcsc_reader(settings)
    try:
        present = await wait_for_card(reader, say)
        seen = await look_at(settings, reader, present.insertion)
        chosen = seen.chosen
        return seen, await prospect(settings, reader, present.insertion, chosen) if chosen else None
    finally:
        await reader.aclose()


def say(message: str) -> None:
    """Tell the person at the terminal what is waited for."""
    for line in message.splitlines():
        typer.echo(harmless(line), err=True)


def _told(seen: Inspection, prospect: Prospect | None) -> Iterator[tuple[str, str]]:
    """Label and text of each line."""
    from kiosk.office.inspected import told, unread

    yield from told(seen)
    if prospect is None:
        yield "Unlock here", f"no: {unread(seen)}"
        return
    if prospect.state:
        yield "In the store", prospect.state
    if prospect.unblock_secret:
        yield "Secret", prospect.unblock_secret
    if prospect.proof:
        yield "Card proof", prospect.proof
    if prospect.offers:
        yield "It offers", ", ".join(offer.value for offer in prospect.offers)
    yield "Unlock here", "yes" if prospect.unlockable else f"no: {prospect.why}"


def _folded(label: str, text: str) -> list[str]:
    """The text under its label, in lines of at most 80 columns; what came from the card made harmless."""
    import textwrap

    lines = textwrap.wrap(harmless(text), _WIDTH - _LABEL, break_on_hyphens=False) or [""]
    labels = [label, *[""] * (len(lines) - 1)]
    return [f"{head:{_LABEL}}{line}".rstrip() for head, line in zip(labels, lines, strict=True)]


def _plain(seen: Inspection, prospect: Prospect | None) -> dict[str, Any]:
    """For --json: the keys stay as they are, new ones may come."""
    from kiosk.office.inspected import unread

    chosen = seen.chosen
    return {
        "reader": seen.reader,
        "atr": {
            "hex": seen.atr.raw.hex().upper(),
            "protocols": list(seen.atr.protocols),
            "interface": [vars(each) for each in seen.atr.interface],
            "historical": [
                {"name": item.name, "hex": item.value.hex().upper(), "meaning": item.meaning}
                for item in seen.atr.items
            ],
            "faults": list(seen.atr.faults),
        },
        "family": chosen.name if chosen else None,
        "card": str(chosen.id) if chosen else None,
        "families": [_plain_family(one, seen) for one in seen.families],
        "applications": None
        if seen.applications is None
        else [{"name": one.name, "aid": one.aid.hex().upper()} for one in seen.applications],
        "ef_dir": None
        if seen.listed is None
        else [{"aid": entry.aid.hex().upper(), "label": harmless(entry.label)} for entry in seen.listed],
        "store": _plain_prospect(prospect) if prospect else None,
        "unlockable": bool(prospect and prospect.unlockable),
        "why": prospect.why if prospect else unread(seen),
    }


def _plain_family(one: SeenFamily, seen: Inspection) -> dict[str, Any]:
    from kiosk.office.inspected import reason

    return {
        "name": one.name,
        "configured": one.configured,
        "answer": one.answer.value,
        "reason": reason(one, seen),
        "card": str(one.id) if one.id else None,
        "passcode_tries": one.passcode_tries,
        "unblock_secret": one.secret,
        "unblock_tries": one.unblock_tries,
        "certificate_ends": one.certificate_ends,
        "keys": [
            {
                "use": key.use.value,
                "algorithm": key.algorithm,
                "sha256": key.sha256,
                "certified": key.certified,
                "signs": key.signs,
                "vouched": key.vouched,
            }
            for key in one.keys
        ],
    }


def _plain_prospect(prospect: Prospect) -> dict[str, Any]:
    return {
        "state": prospect.state,
        "unblock_secret": prospect.unblock_secret,
        "offers": [offer.value for offer in prospect.offers],
        "proof": prospect.proof,
    }
