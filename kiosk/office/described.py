"""A card that was read, in words: what it says of itself, and the ways in which it can be enrolled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from kiosk.enrolment import EnrolmentError
from kiosk.office.enrolling import SeenCard
from kiosk.office.equipping import asked_for, require_tries_in, tries_for_fresh
from kiosk.rotation import FEWEST
from kiosk.staff.desk import How, Way
from kiosk.wiring import Parts


def lines(seen: SeenCard) -> Iterator[tuple[str, str]]:
    """Label and text of each line. What came from the card may hold anything: make it harmless."""
    traits, secret = seen.family.traits, seen.family.secret.name
    pinned = "proven just now" if seen.key else "none: a copy of this card could not be told from it"
    if seen.key is None and traits.mutual:
        pinned = f"none: the {secret} is what proves it"
    yield "Card", str(seen.id)
    yield "Key of its own", pinned
    if seen.sign_in_key:
        yield "Sign-in key", "shown; it signs after the passcode"
    elif seen.doubt:
        yield "Sign-in key", f"not to be pinned: {seen.doubt}"
    yield "Passcode tries left", _tries(seen.passcode_tries)
    yield f"{secret[:1].upper()}{secret[1:]} tries left", _tries(seen.unblock_tries)
    ends = seen.certificate_ends
    yield "Certificate ends", ends.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if ends else "-"


async def ways(parts: Parts, seen: SeenCard, *, derived: bool, kept: bool) -> tuple[tuple[Way, ...], str]:
    """How the card can be enrolled, the best first; and why a random secret is not among the ways now.

    ``derived``: its secret comes from the master key; ``kept``: one is kept for it already.
    """
    lacking = ""
    secret = seen.family.secret.name
    found = []
    if derived:
        found.append(Way(How.NONE, "", f"Its {secret} is derived from the master key: nothing to type."))
    elif (fresh := _fresh(seen)) is not None:
        lacking = await _lacking(parts, seen)
        if not lacking:
            found.append(fresh)
    found.append(Way(How.GIVEN, secret, f"You type the {secret} that is on the card now, and it is kept."))
    if not derived:
        told = (
            f"The {secret} that is kept for it stays."
            if kept
            else f"Without a {secret}: no kiosk can unlock it, until you enrol it again with one."
        )
        found.append(Way(How.NONE, "", told))
    return tuple(found), lacking


def _fresh(seen: SeenCard) -> Way | None:
    """None where such a card takes no fresh secret."""
    try:
        wanted = asked_for(seen.family, fresh=True)
    except EnrolmentError:
        return None
    secret = seen.family.secret.name
    return Way(
        How.FRESH,
        f"{wanted.name} on the card now" if wanted.name == secret else wanted.name,
        f"A random {secret} is set on the card and kept; nobody ever sees it.",
    )


async def _lacking(parts: Parts, seen: SeenCard) -> str:
    """Why the card has not the tries for a fresh secret; empty where it has."""
    try:
        await require_tries_in(parts, seen)
    except EnrolmentError:
        wanted, tries = asked_for(seen.family, fresh=True), tries_for_fresh(seen)
        left = "does not tell how many it has" if tries is None else f"has {tries}"
        return f"A random one needs {FEWEST} tries of the {wanted.name}, and the card {left}."
    return ""


def _tries(count: int | None) -> str:
    return "not told" if count is None else str(count)
