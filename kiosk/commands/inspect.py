"""`kiosk card inspect`: what the card in the reader is, and what a kiosk would do for it."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import typer

from kiosk.commands.configuration import AsJson, ReaderPattern, settings_of
from kiosk.commands.printing import as_json as print_json
from kiosk.commands.printing import harmless, when

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kiosk.office.inspecting import Inspection, SeenFamily, SeenKey
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
    chosen = seen.chosen
    yield "Reader", seen.reader
    yield "ATR", seen.atr.raw.hex(" ").upper()
    yield "", _atr(seen)
    yield "Card", str(chosen.id) if chosen else "none that a kiosk of this configuration knows"
    for one in seen.families:
        yield ("Family" if one is seen.families[0] else ""), f"{one.name}: {_reason(one, seen)}"
    if seen.told:
        yield from _card(seen.told)
    yield "Applications", _applications(seen)
    if seen.listed is not None:
        entries = [f"{entry.aid.hex().upper()} {entry.label}".strip() for entry in seen.listed]
        yield "EF.DIR", ", ".join(entries) or "empty"
    if prospect is None:
        yield "Unlock here", f"no: {_unread(seen)}"
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


def _atr(seen: Inspection) -> str:
    said = [" and ".join(f"T={protocol}" for protocol in seen.atr.protocols)]
    said += [f"{item.name}: {item.meaning or item.value.hex(' ').upper()}" for item in seen.atr.items]
    said += [f"FAULT: {fault}" for fault in seen.atr.faults]
    return "; ".join(filter(None, said))


def _reason(one: SeenFamily, seen: Inspection) -> str:
    """Why a family was chosen, or not."""
    from kiosk.office.inspecting import Answer

    if one is seen.chosen:
        return "chosen, the first in cards.families that knows this card"
    if one.answer is Answer.NO:
        return "another kind of card" + ("" if one.configured else "; not in cards.families")
    if one.answer is Answer.NAMELESS:
        return f"knows it, but finds no number of its own on it ({one.detail})"
    if one.answer is Answer.ERROR:
        stops = ", and a kiosk stops there" if one.configured else ""
        return f"the card answers with an error{stops} ({one.detail})"
    return f"answers too ({one.id}), but " + (
        "comes later in cards.families" if one.configured else "is not in cards.families"
    )


def _unread(seen: Inspection) -> str:
    """Why a kiosk of this configuration cannot work with the card."""
    if seen.told and not seen.told.configured:
        return f"its family, {seen.told.name}, is not in cards.families"
    return "a kiosk cannot read it"


def _card(chosen: SeenFamily) -> Iterator[tuple[str, str]]:
    left = chosen.passcode_tries
    yield "Passcode", "LOCKED" if left == 0 else _count(left)
    yield (
        chosen.secret.capitalize() if chosen.secret.islower() else chosen.secret,
        _count(chosen.unblock_tries),
    )
    for key in chosen.keys:
        yield "Key", _key(key)
    if not chosen.keys:
        by_secret = f"none: the {chosen.secret} proves it, right before an unlock"
        yield "Key", by_secret if chosen.mutual else "none: a copy of this card could not be told from it"
    yield "Certificate", f"ends {when(chosen.certificate_ends)}" if chosen.certificate_ends else "none"


def _key(key: SeenKey) -> str:
    from cardio.card import KeyUse

    free = key.use is KeyUse.FREE
    said = [key.algorithm, "needs no passcode" if free else "after the passcode"]
    said.append("certified" if key.certified else "no certificate")
    if key.vouched is not None:
        said.append("a configured CA vouches for it" if key.vouched else f"NOT VOUCHED FOR: {key.doubt}")
    if key.signs is not None:
        said.append("it signs" if key.signs else "IT DOES NOT SIGN: it may be a copy")
    return ", ".join(said)


def _count(tries: int | None) -> str:
    return "tries left not told" if tries is None else f"{tries} {'try' if tries == 1 else 'tries'} left"


def _applications(seen: Inspection) -> str:
    if seen.applications is None:
        return "the card says yes to every name"
    return ", ".join(one.name for one in seen.applications) or "none that is well known"


def _folded(label: str, text: str) -> list[str]:
    """The text under its label, in lines of at most 80 columns; what came from the card made harmless."""
    import textwrap

    lines = textwrap.wrap(harmless(text), _WIDTH - _LABEL, break_on_hyphens=False) or [""]
    labels = [label, *[""] * (len(lines) - 1)]
    return [f"{head:{_LABEL}}{line}".rstrip() for head, line in zip(labels, lines, strict=True)]


def _plain(seen: Inspection, prospect: Prospect | None) -> dict[str, Any]:
    """For --json: the keys stay as they are, new ones may come."""
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
        "why": prospect.why if prospect else _unread(seen),
    }


def _plain_family(one: SeenFamily, seen: Inspection) -> dict[str, Any]:
    return {
        "name": one.name,
        "configured": one.configured,
        "answer": one.answer.value,
        "reason": _reason(one, seen),
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
