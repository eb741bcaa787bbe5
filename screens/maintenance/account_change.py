"""What is done with a staff account: what will happen, what has to be typed for it, and what is true then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from kiosk.staff.desk import Done, Foreseen
from kiosk.staff.entry import Leaving
from kiosk.staff.roster import (
    AccountAct,
    AccountDeed,
    AccountGrounds,
    AccountsTool,
    AtStaffReader,
    Opens,
    StaffCardSeen,
)
from kiosk.staff.seen import Session
from screens.look import Manner
from screens.maintenance.base import StaffScreen, Stay
from screens.maintenance.doing import REASON, DoingScreen
from screens.widgets.fields import Field
from screens.widgets.keys import FootKey, same
from screens.widgets.say import Say

TITLES: dict[tuple[AccountAct, Opens | None], str] = {
    (AccountAct.ADD, Opens.PASSWORD): "new account",
    (AccountAct.ADD, Opens.CARD): "new account",
    (AccountAct.RESET, Opens.PASSWORD): "new password",
    (AccountAct.RESET, Opens.CARD): "new staff card",
    (AccountAct.RESET, None): "use an account again",
    (AccountAct.DISABLE, None): "disable an account",
}
_NAME, _PASSWORD, _PASSCODE = 64, 128, 32  # characters


@dataclass
class Roll:
    """One administrator's stay at the accounts, which all its screens share.

    ``first``: the list, which the others are above. ``marked``: the name of the account that is marked there.
    """

    session: Session
    stay: Stay
    manner: Manner
    first: StaffScreen | None = None
    marked: str = ""


class AccountScreen(DoingScreen):
    """One change of one account."""

    onwards = "To the list"

    def __init__(self, roll: Roll, deed: AccountDeed, foreseen: Foreseen) -> None:
        super().__init__(roll.stay, roll.manner)
        self.roll, self.deed, self._told = roll, deed, foreseen.lines
        self._is_own = deed.name == roll.session.account.name
        if self._is_own:
            self.onwards = "Sign out"
        self.what = TITLES[deed.act, deed.opens]
        self.title_text = f"Maintenance: {self.what}"
        self.expect(foreseen.lines, asked=deed.opens is Opens.PASSWORD)

    def about(self) -> ComposeResult:
        yield Say(same(self.deed.name), id="who", classes="line strong")

    def keys(self) -> Sequence[FootKey]:
        return (*self.doing_keys(), FootKey("escape", "Esc", same("Back")))

    def grounds(self) -> AccountGrounds:
        """What was typed."""
        return AccountGrounds()

    @property
    def accounts(self) -> AccountsTool:
        """Where everything is done."""
        return self.roll.session.accounts

    async def carry_out(self) -> Done:
        return await self.accounts.carry_out(self.deed, replace(self.grounds(), told=self._told))

    def show(self, done: Done) -> None:
        self.roll.marked = self.deed.name

    def leave(self) -> None:
        """Back to the list, over whatever was asked on the way; out, where it was their own account."""
        if self._is_own:
            self.stay.end(Leaving.SHUT)
            return
        while self.app.screen is not self.roll.first and len(self.app.screen_stack) > 1:
            self.app.pop_screen()


class UseAgainScreen(AccountScreen):
    """Nothing has to be typed."""

    types = False
    note = "Nothing has to be typed for it. It stays on record, under your name."

    def doing_keys(self) -> Sequence[FootKey]:
        *_, onwards = super().doing_keys()
        return (FootKey("enter", "Enter", same("Use it again"), classes="foot-key doing"), onwards)


class DisableScreen(AccountScreen):
    """A reason, and the name of the account, for whoever has marked another one."""

    note = "The reason stays on record, under your name."

    def fields(self) -> ComposeResult:
        with Horizontal(id="grounds"):
            yield Field(same("Reason"), self.entry(REASON))
            with Vertical(id="to-be-sure"):
                yield Field(same("Type the name"), self.entry(_NAME))

    def refusals(self) -> Iterator[tuple[Field, str]]:
        reason, name = self.query(Field)
        if not reason.entry.value.strip():
            yield reason, "Say why you do this"
        if name.entry.value.strip().casefold() != self.deed.name:
            yield name, "Not this account's name"

    def grounds(self) -> AccountGrounds:
        reason, name = self.typed_in
        return AccountGrounds(reason.value.strip(), name.value.strip())


class PasswordScreen(AccountScreen):
    """A password, typed twice. What is wrong with it is said before it is typed again."""

    note = "Let them type it. 12 characters or more, such as four unrelated words."

    def fields(self) -> ComposeResult:
        with Horizontal(id="given"):
            yield Field(same("Password"), self.entry(_PASSWORD, masked=True))
            yield Field(same("The same again"), self.entry(_PASSWORD, masked=True))
        yield Say(same(""), id="weak", classes="wrong said")

    def go_on_from(self, at: int) -> None:
        if at:
            super().go_on_from(at)
        else:
            self.lead_on(self._weigh())

    def grounds(self) -> AccountGrounds:
        return AccountGrounds(password=self.typed_in[0].secret())

    async def _weigh(self) -> None:
        first, second = self.typed_in
        wrong = await self.accounts.weakness(self.deed.name, first.secret())
        if not self.is_attached:
            return
        self.query_one("#weak", Say).tell(same(f"{wrong}." if wrong else ""))
        if wrong:  # nobody can see it, so it is typed anew
            self.forget_secret()
            next(iter(self.query(Field))).refuse(same("Choose another password"))
        (first if wrong else second).focus()


class CardScreen(AccountScreen):
    """The card in the reader, whose owner types its passcode.

    What was begun for one card is not sent to the next one, however much of it was typed when they changed.
    """

    note = "The card's owner types it. It is sent to the card, and kept nowhere."
    under_way = "Asking the card: leave it in ..."

    _card: StaffCardSeen | None = None
    _changed = False  # while its passcode was being typed

    def about(self) -> ComposeResult:
        yield from super().about()
        yield Say(same("Looking into the reader ..."), id="card", classes="line")
        yield Say(same(""), id="whose", classes="line")

    def fields(self) -> ComposeResult:
        yield Field(same("Passcode"), self.entry(_PASSCODE, masked=True))

    def begin(self) -> None:
        super().begin()
        self._watch()

    def _watch(self) -> None:
        self._watching = self.follow(self.accounts.reader, self._tell)

    def refusals(self) -> Iterator[tuple[Field, str]]:
        (field,) = self.query(Field)
        if self._card is None:
            yield field, "Put their card into the reader first"
        elif self._unfit(self._card):
            yield field, "Not with this card: see above"
        elif self._changed:
            self._changed, field.entry.value = False, ""
            yield field, "The card was changed meanwhile: type its passcode anew"
        elif not field.entry.value:
            yield field, "Type the passcode of the card"

    def grounds(self) -> AccountGrounds:
        return AccountGrounds(card=self._card, passcode=self.typed_in[0].secret())

    def show(self, done: Done) -> None:
        super().show(done)
        self.line("whose", "")  # what was seen of it before is not true any more

    def over(self) -> None:
        """Look at the card anew: a wrong passcode has cost it a try."""
        self.typed_in[0].value = ""
        self._changed = False
        self._watching.cancel()
        if self.is_attached and not self.done and not self.stay.over:
            self._watch()

    def _tell(self, at: AtStaffReader) -> None:
        if self.busy or self.done:
            return
        if self._card is not None and _which(at.card) != _which(self._card) and self.typed_in[0].value:
            self.typed_in[0].value, self._changed = "", True
        self._card = at.card
        if at.card is None:
            self.line("card", at.hint)
            self.line("whose", "")
            return
        self.line("card", f"Card {at.card.number}")
        unfit = self._unfit(at.card)
        self.line("whose", unfit or _told(at.card), kind="wrong" if unfit else "")

    def _unfit(self, card: StaffCardSeen) -> str:
        """Why this card is sent no passcode; empty: it may be."""
        if card.trouble:
            return f"{card.trouble[:1].upper()}{card.trouble[1:]}."
        if card.of not in ("", self.deed.name):
            return f"It is the staff card of {card.of}. Take it out, and put theirs in."
        return "It is locked. Its owner unlocks it first, as any other." if card.tries_left == 0 else ""


def _which(card: StaffCardSeen | None) -> tuple[int, str] | None:
    return None if card is None else (card.insertion, card.number)


def _told(card: StaffCardSeen) -> str:
    whose = "It is their staff card already" if card.of else "It is nobody's staff card yet"
    tries = "" if card.tries_left is None else f" Passcode tries left: {card.tries_left}."
    return f"{whose}.{tries}"


def _screen_of(deed: AccountDeed) -> type[AccountScreen]:
    if deed.opens is not None:
        return PasswordScreen if deed.opens is Opens.PASSWORD else CardScreen
    return DisableScreen if deed.act is AccountAct.DISABLE else UseAgainScreen


def change_screen(roll: Roll, deed: AccountDeed, foreseen: Foreseen) -> AccountScreen:
    """The screen on which that is done."""
    return _screen_of(deed)(roll, deed, foreseen)
