"""A desk without a store: it says what the test has put into it, and keeps what was asked of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from kiosk.staff.account import StaffProblem
from kiosk.staff.desk import (
    Act,
    AtReader,
    CardSeen,
    Deed,
    DeskCard,
    Done,
    EventLine,
    Foreseen,
    Found,
    Grounds,
    How,
    Page,
    Way,
)
from kiosk.visit import reference_in
from tests.screens.gallery import NOW

CODE = "4071938265"
PUK = "61730284"
DANGEROUS = {Act.WITHDRAW, Act.REVOKE, Act.REPLACE}
CARD = "piv:guid:B197C1010AA33FEF65B176C155D55DED"
OTHER_CARD = "openpgp:serial:D276000124010304000612345678"
NEW_CARD = "piv:guid:0C41A3B78E5D4F60917F2B6C8D3E1A55"


class FakeDesk:
    """People, a reader, and a list of what was done. ``trouble`` is raised by the next deed.

    ``nobodys`` is what it says of a visit's reference.
    """

    nobodys = ""

    def __init__(self, *pages: Page) -> None:
        self.pages = {page.holder_id: page for page in pages or (ANN, BEN)}
        self.elsewhere_because = ""
        self.asked: list[str] = []
        self.foreseen: list[Deed] = []
        self.done: list[tuple[Deed, Grounds]] = []
        self.lines: tuple[str, ...] = ()
        self.trouble: Exception | None = None
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.at = AtReader(None, "Put a card in the reader.")
        self._followers: list[asyncio.Queue[AtReader]] = []

    @property
    def followers(self) -> int:
        """How many follow the reader."""
        return len(self._followers)

    def put(self, card: CardSeen | None, hint: str = "Put a card in the reader.") -> None:
        """Another card in the reader, or none."""
        self.at = AtReader(card, "" if card else hint)
        for one in self._followers:
            one.put_nowait(self.at)

    async def elsewhere(self) -> str:
        return self.elsewhere_because

    async def find(self, text: str) -> tuple[Found, ...]:
        self.asked.append(text)
        said = {page: f"{page.holder_id} {page.name} {page.email}".casefold() for page in self.pages.values()}
        found = [page for page, words in said.items() if all(one in words for one in text.casefold().split())]
        if not found and self.nobodys and reference_in(text):
            raise StaffProblem(self.nobodys)
        return tuple(Found(one.holder_id, one.name, one.email, one.blocked_at) for one in found)

    async def page(self, holder_id: str) -> Page:
        if holder_id not in self.pages:
            raise StaffProblem(f"there is no holder {holder_id!r}")
        return self.pages[holder_id]

    async def reader(self) -> AsyncIterator[AtReader]:
        mine: asyncio.Queue[AtReader] = asyncio.Queue()
        self._followers.append(mine)
        try:
            yield self.at
            while True:
                yield await mine.get()
        finally:
            self._followers.remove(mine)

    async def foresee(self, deed: Deed) -> Foreseen:
        if deed.act in (Act.SET_EMAIL, Act.ADD) and not deed.email.endswith(("nhs.net", "]", "界")):
            raise StaffProblem("the address is not at an approved domain (nhs.net)")
        self.foreseen.append(deed)
        lines = self.lines or (
            f"This is what {deed.act.value} does to {deed.holder_id}.",
            "They are told by mail.",
        )
        return Foreseen(lines, deed.act in DANGEROUS)

    async def carry_out(self, deed: Deed, grounds: Grounds) -> Done:
        await self.goes_on.wait()
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble
        self.done.append((deed, grounds))
        if deed.act is Act.ADD:
            self.pages[deed.holder_id] = replace(
                ANN, holder_id=deed.holder_id, name=deed.name, email=deed.email, cards=(), events=()
            )
        if deed.act is Act.CLEAR_BLOCK:
            self.pages[deed.holder_id] = replace(self.pages[deed.holder_id], blocked_at=None, attempts_left=3)
        if deed.act is Act.ASSIST:
            return Done(
                ("The code stands in for the questions, once.",), SecretStr(CODE), NOW + timedelta(hours=1)
            )
        return Done((f"{deed.act.value} is done.",))


def at(minutes: float) -> datetime:
    """So many minutes ago."""
    return NOW - timedelta(minutes=minutes)


def event(minutes: float, name: str, outcome: str = "ok", **more: str) -> EventLine:
    """An event of so many minutes ago."""
    facts = {"reason": "", "kiosk": "Ward 7", "visit": "K7PX", "actor": "", "card": CARD, "detail": ""}
    return EventLine(at(minutes), name, outcome, **(facts | more))


EVENTS = (
    event(3, "holder.blocked", reason="attempts"),
    event(3, "answers.checked", "refused", detail="attempts_left 0"),
    event(4, "answers.checked", "refused", detail="attempts_left 1"),
    event(6, "card.seen", detail="locked True, tries_left 0"),
    event(90, "assistance.issued", reason="forgot them, T-5513", actor="olga (root)", kiosk="Office"),
    event(3000, "registration.completed", detail="own_email True, privacy_version 2"),
    event(3002, "code.checked", detail="purpose register"),
    event(3004, "code.sent", detail="purpose register"),
    event(9000, "card.enrolled", actor="olga", kiosk="Office"),
    event(9001, "holder.added", actor="olga", kiosk="Office"),
)
ANN = Page(
    holder_id="A123",
    name="Ann Jones",
    email="ann.jones@nhs.net",
    own_email="a…s@nhs.net",
    registered_at=at(3000),
    may_unlock_from=at(2900),
    attempts_left=0,
    attempts=3,
    blocked_at=at(3),
    assistance_ends=None,
    added_at=at(9001),
    cards=(
        DeskCard(CARD, "active", "kept", "always", at(9000)),
        DeskCard(OTHER_CARD, "suspended", "refused", "after the passcode", at(8000)),
    ),
    events=EVENTS,
)
BEN = Page(
    holder_id="B7",
    name="Ben Adams-Jones",
    email="",
    own_email="",
    registered_at=None,
    may_unlock_from=None,
    attempts_left=3,
    attempts=3,
    blocked_at=None,
    assistance_ends=None,
    added_at=at(500),
    cards=(),
    events=(),
)
WAYS = (
    Way(How.FRESH, "PUK", "Set a fresh PUK on the card, and keep it: for a card as its maker sends it"),
    Way(How.GIVEN, "PUK", "Keep the PUK that you type: it stays as it is on the card"),
    Way(How.NONE, "", "Without a PUK: this kiosk can then not unlock the card"),
)
BLANK = CardSeen(
    number=NEW_CARD,
    holder_id="",
    holder_name="",
    state="",
    lines=(
        ("Key of its own", "proven just now"),
        ("Passcode tries left", "3"),
        ("PUK tries left", "3"),
        ("Certificate ends", "24/11/2029"),
    ),
    ways=WAYS,
)
ANNS = replace(BLANK, number=CARD, holder_id="A123", holder_name="Ann Jones", state="active")
