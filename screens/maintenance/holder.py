"""One holder on one page: who it is, whether the kiosk helps them, their cards, and what happened last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding

from kiosk.staff.desk import Act, AtReader, CardSeen, Deed, DeskCard, Page
from screens.maintenance.asking import AskScreen
from screens.maintenance.counter import Counter, DeskScreen, column, who_it_is
from screens.maintenance.enrol import EnrolScreen
from screens.maintenance.events import in_plain_words, kind_of
from screens.maintenance.listing import fact
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import Lines, Row
from screens.widgets.say import Say

_CARD, _STATE = 46, 10  # cells
_MOST_CARDS = 4  # lines
_WHEN = 13  # cells: "24/11  09:12 "
_REFUSED = "refused"  # a card's unblock secret, by the card
_SPENT = "nearly spent"
_UNLOCKED = ("kept", "derived")  # where the card is in use
_SECRETS = {
    "kept": "can be unlocked",
    "derived": "can be unlocked",
    "none": "no secret",
    "unfit": "secret unfit",
    "being replaced": "secret changing",
    _REFUSED: "SECRET REFUSED",
    _SPENT: "TOO FEW TRIES",
}


@dataclass(frozen=True)
class Choice:
    """A deed that the page offers, its letter, and when it makes sense. ``card``: it is about a card."""

    letter: str
    name: str
    act: Act
    sensible: Callable[[Page, DeskCard | None], bool]
    card: bool = False


CHOICES = (
    Choice("b", "Clear block", Act.CLEAR_BLOCK, lambda page, _: page.blocked_at is not None),
    Choice("a", "Assist", Act.ASSIST, lambda page, _: bool(page.email or page.own_email)),
    Choice("e", "Email", Act.SET_EMAIL, lambda page, _: True),
    Choice("w", "Withdraw", Act.WITHDRAW, lambda page, _: page.registered_at is not None),
    Choice("n", "New", Act.ENROL, lambda page, _: True, card=True),
    Choice("p", "Replace", Act.REPLACE, lambda _, card: _is(card, "active", "suspended"), card=True),
    Choice("s", "Suspend", Act.SUSPEND, lambda _, card: _is(card, "active"), card=True),
    Choice("u", "Use again", Act.ACTIVATE, lambda _, card: _is(card, "suspended", "revoked"), card=True),
    Choice("r", "Revoke", Act.REVOKE, lambda _, card: _is(card, "active", "suspended"), card=True),
    Choice(
        "k",
        "Clear secret",
        Act.CLEAR_SECRET,
        lambda _, card: card is not None and card.unblock_secret == _REFUSED,
        card=True,
    ),
)


def _is(card: DeskCard | None, *states: str) -> bool:
    return card is not None and card.state in states


class HolderScreen(DeskScreen):
    """A letter for each deed that makes sense now; Tab or a digit marks another card."""

    BINDINGS = [
        *(
            Binding(f"{one.letter},{one.letter.upper()}", f"choose('{one.letter}')", show=False)
            for one in CHOICES
        ),
        *(Binding(str(digit), f"mark({digit})", show=False) for digit in range(1, 10)),
        Binding("tab", "next_card(1)", show=False),
        Binding("shift+tab", "next_card(-1)", show=False),
        Binding("f5", "again", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]
    title_text = "Desk: one person"
    watches = True

    def __init__(self, counter: Counter, page: Page) -> None:
        super().__init__(counter)
        self.page = page
        self._covered = False
        self._why, counter.led = counter.led, ""

    def content(self) -> ComposeResult:
        yield Say(same(""), id="who", classes="line strong")
        yield Say(same(""), id="block", classes="line")
        for name in ("address", "registered", "assistance"):
            yield Say(same(""), id=name, classes="line")
        yield Say(same(""), id="shut", classes="wrong")
        yield Say(same("Cards"), id="cards-head", classes="strong head")
        yield Lines(pick=True, id="cards")
        yield Say(same("What happened, the last first (Up and Down scroll)"), classes="strong head")
        yield Lines(wrap=True, id="events")

    def more_keys(self) -> Sequence[Say]:
        return (
            Say(same("Card:"), classes="caption"),
            *(self._key(one) for one in CHOICES if one.card),
            FootKey("tab", "Tab", same("Next"), classes="foot-key next-card"),
        )

    def desk_keys(self) -> Sequence[FootKey]:
        return (
            *(self._key(one) for one in CHOICES if not one.card),
            FootKey("f5", "F5", same("Look again")),
        )

    def begin(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def on_screen_suspend(self) -> None:
        self._covered = True

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        if self._covered:
            self._covered = False
            self.action_again()

    def on_lines_picked(self) -> None:
        self._choose()

    @property
    def marked(self) -> DeskCard | None:
        """The card that the deeds on cards are about."""
        cards = self.page.cards
        return cards[min(self._cards.picked, len(cards) - 1)] if cards else None

    @property
    def _cards(self) -> Lines:
        return self.query_one("#cards", Lines)

    @property
    def _events(self) -> Lines:
        return self.query_one("#events", Lines)

    def action_choose(self, letter: str) -> None:
        """Begin a deed, if the page offers it now."""
        for one in self._offered():
            if one.letter == letter:
                self._begin(one)

    def action_mark(self, number: int) -> None:
        if number <= len(self.page.cards):
            self.action_next_card(number - 1 - self._cards.picked)

    def action_next_card(self, by: int) -> None:
        if cards := len(self.page.cards):
            self._cards.move((self._cards.picked + by) % cards - self._cards.picked)
            self._choose()

    def action_again(self) -> None:
        """F5: how it is now."""
        self.trouble("")
        self.later(self._look())

    def _choose(self) -> None:
        """Remember what the officer has marked: it stays so after a deed."""
        self.counter.chosen = self.marked.number if self.marked is not None else ""
        self._draw_keys()

    def action_move(self, lines: int) -> None:
        self._events.move(lines)

    def action_page(self, pages: int) -> None:
        self._events.page(pages)

    def show_reader(self, at: AtReader) -> None:
        self._draw_cards()
        self._draw_keys()

    def put_in(self, card: CardSeen) -> None:
        if card.holder_id != self.page.holder_id:
            super().put_in(card)

    async def _look(self) -> None:
        page = await self.desk.page(self.page.holder_id)
        if self.is_attached:
            self.page = page
            self._draw()

    def _begin(self, choice: Choice) -> None:
        card = self.marked.number if choice.card and self.marked else ""
        if choice.act is Act.SET_EMAIL:
            self.app.push_screen(AskScreen(self.counter, choice.act, self.page))
        elif choice.act is Act.ENROL:
            self.app.push_screen(EnrolScreen(self.counter, self.page))
        elif choice.act is Act.REPLACE:
            self.app.push_screen(EnrolScreen(self.counter, self.page, gives_way=card))
        else:
            who = who_it_is(self.page.holder_id, self.page.name)
            self.propose(Deed(choice.act, self.page.holder_id, card=card), who)

    def _offered(self) -> list[Choice]:
        return [one for one in CHOICES if one.sensible(self.page, self.marked)]

    def _draw(self) -> None:
        page = self.page
        who = who_it_is(page.holder_id, page.name)
        self.line("who", f"{self._why}: {who}" if self._why else who)
        self.line("block", fact("Self-service", self._attempts()), kind="wrong" if page.blocked_at else "")
        self.line("address", fact("Address", self._address()))
        self.line("registered", fact("Registered", self._registered()))
        ends = page.assistance_ends
        text = f"an assistance code is out, until {self.manner.look.local(ends)}" if ends else ""
        self.line("assistance", fact("Assistance", text) if text else "")
        shut = f"Cannot be read, as a key is missing or it was altered: {', '.join(page.shut)}"
        self.line("shut", shut if page.shut else "", kind="wrong")
        self._draw_cards()
        self._events.show([self._event_row(number) for number in range(len(page.events))])
        self._draw_keys()

    def _draw_cards(self) -> None:
        cards = self.page.cards
        self._cards.show([self._card_row(number) for number in range(len(cards))])
        self._cards.styles.height = min(_MOST_CARDS, len(cards))
        self._mark([card.number for card in cards])
        head = "Cards" if cards else "No card yet"
        self.line("cards-head", f"{head}{self._about_reader()}")

    def _mark(self, numbers: list[str]) -> None:
        """The card that the officer chose, or else the one in the reader, where it is theirs."""
        seen = self.counter.at.card if self.counter.at is not None else None
        for wanted in (self.counter.chosen, seen.number if seen is not None else ""):
            if wanted in numbers:
                self._cards.move(numbers.index(wanted) - self._cards.picked)
                return

    def _draw_keys(self) -> None:
        offered = {one.letter for one in self._offered()}
        for key in self.query(".deed-key").results(FootKey):
            key.display = key.key in offered
        for tab in self.query(".next-card"):
            tab.display = len(self.page.cards) > 1

    def _attempts(self) -> str:
        page = self.page
        if page.blocked_at is not None:
            return f"BLOCKED since {self.manner.look.day(page.blocked_at)}: no attempts left"
        return f"{page.attempts_left} of {page.attempts} attempts left"

    def _address(self) -> str:
        page = self.page
        own = f"their own: {page.own_email}" if page.own_email else ""
        ours = page.email or ("" if own else "none, so no code can be sent: E sets one")
        return "; ".join(filter(None, (ours, own)))

    def _registered(self) -> str:
        page, look = self.page, self.manner.look
        if page.registered_at is None:
            return "no"
        held = page.may_unlock_from
        later = f", and may unlock from {look.day(held)}" if held and held > look.now() else ""
        return f"since {look.day(page.registered_at)}{later}"

    def _about_reader(self) -> str:
        """Of the card in the reader, where it is one of these, or nobody's."""
        seen = self.counter.at.card if self.counter.at is not None else None
        if seen is None:
            return "" if self.page.cards else ": N enrols one"
        if not seen.holder_id and seen.staff:
            return f". The one in the reader is the staff card of {seen.staff}"
        if not seen.holder_id:
            return ". The one in the reader is nobody's: N enrols it"
        numbers = [card.number for card in self.page.cards]
        return f". In the reader: {numbers.index(seen.number) + 1}" if seen.number in numbers else ""

    def _card_row(self, number: int) -> Row:
        card = self.page.cards[number]
        usable = card.state == "active" or card.unblock_secret not in _UNLOCKED
        secret = _SECRETS.get(card.unblock_secret, card.unblock_secret) if usable else ""
        text = f"{number + 1} {column(card.number, _CARD)}{column(card.state, _STATE)}{secret}"
        return Row(text, "warn" if card.unblock_secret in (_REFUSED, _SPENT) else "plain")

    def _event_row(self, number: int) -> Row:
        line = self.page.events[number]
        when = self.manner.look.day(line.at)
        where = f"  [{line.kiosk}]" if line.kiosk else ""
        text = f"{when[:5]}  {when[-5:]} {in_plain_words(line)}{where}"
        return Row(text, kind_of(line), hang=_WHEN)

    def _key(self, one: Choice) -> FootKey:
        return FootKey(one.letter, one.letter.upper(), same(one.name), classes="foot-key deed-key")
