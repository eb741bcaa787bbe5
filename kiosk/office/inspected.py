"""What was seen of a card, in words: for whoever looks at it on the command line, or at the kiosk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from cardio.card import KeyUse
from kiosk.office.inspecting import Answer, Inspection, SeenFamily, SeenKey


def told(seen: Inspection) -> Iterator[tuple[str, str]]:
    """Label and text of each line. What came from the card may hold anything: make it harmless."""
    chosen = seen.chosen
    yield "Reader", seen.reader
    yield "ATR", seen.atr.raw.hex(" ").upper()
    yield "", _atr(seen)
    yield "Card", str(chosen.id) if chosen else "none that a kiosk of this configuration knows"
    for one in seen.families:
        yield ("Family" if one is seen.families[0] else ""), f"{one.name}: {reason(one, seen)}"
    if seen.told:
        yield from _card(seen.told)
    yield "Applications", _applications(seen)
    if seen.listed is not None:
        entries = [f"{entry.aid.hex().upper()} {entry.label}".strip() for entry in seen.listed]
        yield "EF.DIR", ", ".join(entries) or "empty"


def reason(one: SeenFamily, seen: Inspection) -> str:
    """Why a family was chosen, or not."""
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


def unread(seen: Inspection) -> str:
    """Why a kiosk of this configuration cannot work with the card."""
    if seen.told and not seen.told.configured:
        return f"its family, {seen.told.name}, is not in cards.families"
    return "a kiosk cannot read it"


def _atr(seen: Inspection) -> str:
    said = [" and ".join(f"T={protocol}" for protocol in seen.atr.protocols)]
    said += [f"{item.name}: {item.meaning or item.value.hex(' ').upper()}" for item in seen.atr.items]
    said += [f"FAULT: {fault}" for fault in seen.atr.faults]
    return "; ".join(filter(None, said))


def _card(chosen: SeenFamily) -> Iterator[tuple[str, str]]:
    left, ends = chosen.passcode_tries, chosen.certificate_ends
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
    yield "Certificate", f"ends {ends.astimezone(UTC):%Y-%m-%d %H:%M UTC}" if ends else "none"


def _key(key: SeenKey) -> str:
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
