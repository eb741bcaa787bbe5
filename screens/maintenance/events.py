"""Events of the audit trail in the words of the desk."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.reasons import in_words, notice_in_words, purpose_in_words
from kiosk.staff.desk import EventLine

# What stands for each event when it went well, and when it did not; docs/audit.md says what they are.
WORDS: dict[str, tuple[str, str]] = {
    "visit.ended": ("Visit ended", "Visit ended"),
    "kiosk.incident": ("Something went wrong in the kiosk", "Something went wrong in the kiosk"),
    "card.seen": ("Card put in", "Card put in"),
    "card.refused": ("Card sent to the RA", "Card sent to the RA"),
    "card.not-genuine": (
        "Card could not prove itself",
        "ALARM: the card could not prove that it is the real one",
    ),
    "card.enrolled": ("Card enrolled", "Card not enrolled"),
    "card.state-set": ("Card's state changed", "Card's state not changed"),
    "card.write-begun": ("Writing the card begun", "Writing the card begun"),
    "card.write-ended": ("Card written", "Card not written, or nobody knows"),
    "card.unlocked": ("CARD UNLOCKED", "Card not unlocked"),
    "card.passcode-changed": ("Passcode changed", "Passcode not changed"),
    "card.left-in": ("Card left in the reader", "Card left in the reader"),
    "card.key-pinned": ("The card's own key is on record", "The card's own key is not on record"),
    "vault.does-not-open": ("What is kept cannot be read", "ALARM: what is kept cannot be read"),
    "unblock-secret.released": ("Unblock secret taken out for the card", "ALARM: unblock secret withheld"),
    "unblock-secret.failed": (
        "Unblock secret refused by the card",
        "ALARM: unblock secret refused by the card",
    ),
    "unblock-secret.cleared": ("Unblock secret may be used again", "Unblock secret not cleared"),
    "unblock-secret.replaced": ("Card has a fresh unblock secret", "Fresh unblock secret not written"),
    "holder.added": ("Person added", "Person not added"),
    "passcode.checked": ("Passcode right", "Passcode wrong"),
    "answers.checked": ("Security questions right", "Security questions NOT right"),
    "holder.blocked": ("BLOCKED", "BLOCKED"),
    "holder.block-cleared": ("Block cleared", "Block not cleared"),
    "holder.email-set": ("Address set", "Address not set"),
    "code.sent": ("Code mailed", "Code could not be mailed"),
    "code.rate-reached": ("Too many codes asked for", "Too many codes asked for"),
    "code.checked": ("Mailed code right", "Mailed code wrong"),
    "assistance.issued": ("Assistance code issued", "Assistance code not issued"),
    "assistance.checked": ("Assistance code right", "Assistance code wrong"),
    "registration.completed": ("Registered", "Not registered"),
    "registration.questions-changed": ("Questions changed", "Questions not changed"),
    "registration.email-changed": ("Own address changed", "Own address not changed"),
    "registration.withdrawn": ("Registration withdrawn", "Registration not withdrawn"),
    "registration.lapsed": ("Registration ended: not used for long", "Registration not ended"),
    "notice.sent": ("Told by mail", "Not told by mail"),
    "notice.given-up": ("A mail never went out", "A mail never went out"),
    "notice.dropped": ("A mail was taken out", "A mail was not taken out"),
}
_TELLING: dict[str, Callable[[str], str]] = {
    "attempts_left": lambda count: _counted(count, "attempt", "attempts"),
    "tries_left": lambda count: _counted(count, "try", "tries"),
    "purpose": lambda purpose: f"to {purpose_in_words(purpose)}",
    "state": lambda state: f"now {state}",
    "kind": notice_in_words,
    "assisted": lambda yes: "with an assistance code, which ends a block" if yes == "true" else "",
}
_SAID_ALREADY = frozenset({"attempts"})


def in_plain_words(line: EventLine) -> str:
    """What happened, who did it and why, in one line: "Block cleared (seen, T-5512), by olga"."""
    well, badly = WORDS.get(line.event, (line.event, f"{line.event}: {line.outcome}"))
    text = well if line.outcome == "ok" else badly
    notes = [note for name, value in _details(line.detail) if (note := _note(name, value))]
    if line.reason and line.reason not in _SAID_ALREADY:
        notes.append(line.reason if line.actor else in_words(line.reason))  # staff have words of their own
    if notes:
        text = f"{text} ({', '.join(notes)})"
    return f"{text}, by {line.actor}" if line.actor else text


def kind_of(line: EventLine) -> str:
    """How it is drawn: what an officer looks for stands out."""
    if line.outcome == "alarm":
        return "bad"
    return "strong" if line.event in {"holder.blocked", "card.unlocked"} else "plain"


def _details(detail: str) -> list[tuple[str, str]]:
    """Name and value of each detail: "attempts_left 2, purpose unlock"."""
    pairs = (part.partition(" ") for part in detail.split(", ") if part)
    return [(name, value) for name, _, value in pairs]


def _note(name: str, value: str) -> str:
    telling = _TELLING.get(name)
    return telling(value) if telling is not None else ""


def _counted(count: str, one: str, many: str) -> str:
    return f"{count} {one if count == '1' else many} left"
