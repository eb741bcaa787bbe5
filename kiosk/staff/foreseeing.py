"""What a deed at the officer's desk will do, in words that are true for that very holder.

Pure: it reads a page about the holder, and the card in the reader where one is enrolled. Raises StaffProblem
where the deed cannot be done, or would change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kiosk.staff.account import StaffProblem
from kiosk.staff.desk import Act, CardSeen, Deed, DeskCard, Foreseen, How, Page

_DANGEROUS = {Act.SET_EMAIL, Act.WITHDRAW, Act.REVOKE, Act.REPLACE}
"""Done to the wrong person, they give somebody else a way in, or take something for good."""


def foreseen(deed: Deed, page: Page, seen: CardSeen | None = None) -> Foreseen:
    """What will happen, and whether the holder's id has to be typed for it."""
    lines = tuple(_OF[deed.act](deed, page, seen))
    return Foreseen(lines, dangerous=deed.act in _DANGEROUS or deed.replace_key or _undoes(deed, page))


def added(deed: Deed) -> Foreseen:
    """The same for a holder who is not there yet."""
    told = (
        f"Codes go to {deed.email}." if deed.email else "They have no email address: no code can be sent yet."
    )
    lines = (f"{deed.name} is added under the id {deed.holder_id}.", told, "Next, enrol their card.")
    return Foreseen(lines, dangerous=False)


def _clear_block(deed: Deed, page: Page, seen: CardSeen | None) -> Iterator[str]:
    if page.blocked_at is None and page.attempts_left == page.attempts:
        raise StaffProblem("they are not blocked, and have all attempts")
    if page.blocked_at is not None:
        yield "The block ends: they can use self-service again."
    yield f"They have all {page.attempts} attempts at their questions; now they have {page.attempts_left}."
    if page.registered_at is None:
        yield "They are not registered: an assistance code would help them with a locked card."
    yield "Nothing changes on their card. They are not mailed."


def _set_email(deed: Deed, page: Page, seen: CardSeen | None) -> Iterator[str]:
    _require_open(page)
    yield f"Codes go to {deed.email} from now on."
    if page.own_email:
        yield f"The address of their registration, {page.own_email}, gives way to it; their questions stay."
    if page.email and page.email != deed.email:
        yield f"The RA's present address, {page.email}, gives way to it."
    if any((page.own_email, page.email)):
        yield "Codes that were sent and not entered yet are void."
        yield "They are mailed at the new address and at the old one."
    else:
        yield "They are mailed at the new address."


def _assist(deed: Deed, page: Page, seen: CardSeen | None) -> Iterator[str]:
    _require_open(page)
    if not page.cards:
        raise StaffProblem("they have no card: enrol it first")
    if not (page.own_email or page.email):
        raise StaffProblem("they have no email address, and a code is mailed too: set an address first")
    yield "You are shown a code, once, to read to them. It stands in for the questions, for one unlock."
    if page.assistance_ends is not None:
        yield "The code that you or a colleague issued before is void."
    yield f"A second code is mailed to {page.own_email or page.email} at the kiosk, and needed as well."
    if page.blocked_at is not None:
        yield "They stay blocked until that unlock is complete; it ends the block."
    yield from _if_none_can_be_unlocked(page)
    yield "They are mailed that the code was issued."


def _withdraw(deed: Deed, page: Page, seen: CardSeen | None) -> Iterator[str]:
    _require_open(page)
    if page.registered_at is None:
        raise StaffProblem("they are not registered")
    yield "Their answers, and the address that they gave themselves, are erased for good."
    yield (
        f"Codes go to {page.email} then."
        if page.email
        else "No address is left: no code can be sent to them."
    )
    yield "Codes that were sent and not entered yet are void. They can register again."
    if page.blocked_at is not None or page.attempts_left < page.attempts:
        yield "Their attempts and their block stay as they are."
    yield "They are mailed, at every address that is known of them."


def _suspend(deed: Deed, page: Page, seen: CardSeen | None) -> Iterator[str]:
    card = _card(deed.card, page)
    if card.state == "suspended":
        raise StaffProblem("this card is suspended already")
    yield f"Every kiosk refuses card {card.number} until you take it back into use."
    if card.state == "revoked":
        yield "It was revoked before."
    yield "Their registration stays. They are not mailed."


def _revoke(deed: Deed, page: Page, seen: CardSeen | None) -> Iterator[str]:
    card = _card(deed.card, page)
    if card.state == "revoked":
        raise StaffProblem("this card is revoked already")
    yield f"Every kiosk refuses card {card.number} from now on."
    if not any(one.state == "active" for one in page.cards if one.number != card.number):
        yield "They have no other card in use."
    yield (
        "Their registration stays, for another card. They are not mailed."
        if page.registered_at
        else "They are not mailed."
    )


def _activate(deed: Deed, page: Page, seen: CardSeen | None) -> Iterator[str]:
    card = _card(deed.card, page)
    if card.state == "active":
        raise StaffProblem("this card is in use already")
    yield f"Kiosks take card {card.number} again; it is {card.state} now."
    if card.state == "revoked":
        yield "Somebody revoked it, as lost, broken or given back: be sure that it is in the right hands."


def _clear_secret(deed: Deed, page: Page, seen: CardSeen | None) -> Iterator[str]:
    card = _card(deed.card, page)
    yield f"Card {card.number} may be sent its unblock secret again; the page says: {card.unblock_secret}."
    yield "A wrong one costs the card a try, and after the last it can never be unlocked. Look first."


def _enrol(deed: Deed, page: Page, seen: CardSeen | None) -> Iterator[str]:
    card = _in_reader(deed, seen)
    if card.holder_id and card.holder_id != page.holder_id:
        raise StaffProblem("this card belongs to another holder")
    way = next((one for one in card.ways if one.how is deed.how), None)
    if way is None:
        raise StaffProblem(
            f"this card cannot be enrolled that way: go back (Esc) for others. {card.lacking}".strip()
        )
    if not card.holder_id:
        yield f"Card {card.number} becomes a card of {page.name} ({page.holder_id})."
    else:
        yield f"Card {card.number} is theirs already, and is enrolled again."
        if card.state != "active":
            yield f"It is {card.state}, and stays so."
    if card.staff:
        yield f"It is the staff card of {card.staff}, and stays that: go on only if it is their own."
    yield way.told
    if way.how is How.FRESH:
        yield "Leave the card in until it is done. If it comes out too early, do the same again: it finishes."
    if deed.replace_key:
        yield "Its keys take the place of those that were kept. A copy looks just so: be sure it is none."


def _replace(deed: Deed, page: Page, seen: CardSeen | None) -> Iterator[str]:
    old = _card(deed.card, page)
    card = _in_reader(deed, seen)
    if card.number == old.number:
        raise StaffProblem("this is the card that is to be replaced: put the new one into the reader")
    if card.holder_id and card.state != "active":
        raise StaffProblem(f"the card in the reader is {card.state}: take it back into use first")
    yield from _enrol(deed, page, seen)
    yield (
        f"Card {old.number} is revoked at the same moment: every kiosk refuses it from then on."
        if old.state != "revoked"
        else f"Card {old.number} is revoked already, and stays so."
    )
    yield (
        "Their registration holds for the new card." if page.registered_at else "They are not registered yet."
    )


def _undoes(deed: Deed, page: Page) -> bool:
    """Whether a card is taken back that was revoked."""
    return deed.act is Act.ACTIVATE and _card(deed.card, page).state == "revoked"


def _card(number: str, page: Page) -> DeskCard:
    found = next((one for one in page.cards if one.number == number), None)
    if found is None:
        raise StaffProblem("they have no such card")
    return found


def _in_reader(deed: Deed, seen: CardSeen | None) -> CardSeen:
    if seen is None or seen.number != deed.new_card:
        raise StaffProblem("put the card into the reader again: it was taken out, or another one is in")
    if seen.trouble:
        raise StaffProblem(seen.trouble)
    if seen.other_key and not deed.replace_key:
        raise StaffProblem(
            "this card shows another key than the one kept for it: it may be a copy. If you know that it was "
            "given new keys, say so"
        )
    return seen


def _require_open(page: Page) -> None:
    if page.shut:
        raise StaffProblem("parts of what is kept of them cannot be read: tell your administrator")


def _if_none_can_be_unlocked(page: Page) -> Iterator[str]:
    usable = ("kept", "derived", "being replaced")
    if not any(one.state == "active" and one.unblock_secret in usable for one in page.cards):
        yield "But none of their cards can be unlocked: see what the page says of each."


_OF: dict[Act, Callable[[Deed, Page, CardSeen | None], Iterator[str]]] = {
    Act.CLEAR_BLOCK: _clear_block,
    Act.SET_EMAIL: _set_email,
    Act.ASSIST: _assist,
    Act.WITHDRAW: _withdraw,
    Act.SUSPEND: _suspend,
    Act.REVOKE: _revoke,
    Act.ACTIVATE: _activate,
    Act.CLEAR_SECRET: _clear_secret,
    Act.ENROL: _enrol,
    Act.REPLACE: _replace,
}
