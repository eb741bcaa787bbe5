"""The door: a name and password, or a staff card and its passcode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from kiosk.staff.entry import Leaving, Lobby, Refused, Why
from kiosk.staff.seen import Session
from screens.look import Manner
from screens.maintenance.base import StaffScreen, Stay
from screens.widgets.fields import Entry, Field
from screens.widgets.keys import FootKey, same
from screens.widgets.say import Live, Say

DOOR_LIMIT = 120.0  # seconds at the door, whatever is pressed
DOOR_IDLE = 30.0  # seconds: nobody is signed in, and people with cards wait meanwhile
_LABEL = 11  # cells

_REFUSALS = {
    Why.WRONG: "Not right, or your role needs its staff card here. Wait a minute, then try again.",
    Why.NOT_STAFF: "This card is no staff card. Take it out; Esc leads back to the kiosk.",
    Why.LAST_TRY: "The card has one try left: a wrong passcode locks it. If you are sure, type it again.",
    Why.PASSCODE_LOCKED: "The card has locked itself. It was not let in.",
    Why.NOT_GENUINE: "The card could not prove that it is the one on record. This is an alarm.",
    Why.CARD_FAILED: "The card cannot be read. Take it out, wipe the chip, and put it in again.",
}
_AT_DESK = {
    Why.WRONG: "Name or password is not right. Wait a minute, then try again.",
    Why.NOT_STAFF: "This card is no staff card. Take it out, and put your own in.",
}


class SignInScreen(StaffScreen):
    """Asks who it is. A card in the reader turns it into a question for the card's passcode."""

    BINDINGS = [Binding("f10", "leave", show=False)]
    title_text = "Maintenance"
    types = True

    def __init__(
        self,
        lobby: Lobby,
        manner: Manner,
        *,
        idle: float,
        left: Callable[[], None] | None = None,
        leave: Callable[[], None] | None = None,
    ) -> None:
        """``left`` and ``leave``: on the RA's own machine, whenever somebody has left, and for F10."""
        super().__init__(Stay(lobby, manner.look, DOOR_IDLE, left=left), manner)
        self._idle = idle
        self._leave = leave
        if left is not None:
            self.title_text = "Officers' desk"
        self._card: int | None = None
        self._warned: int | None = None  # the card of which it was told that one try is left
        self._busy = False
        self._said = ""
        self._since = manner.look.monotonic()

    def content(self) -> ComposeResult:
        console = self.console
        with Vertical(classes="sign-in"):
            yield Live(lambda _: self._heading(), classes="strong gap")
            yield Field(same("Name"), Entry(masked=False, longest=64, console=console))
            yield Field(same("Password"), Entry(masked=True, longest=128, console=console))
            yield Field(same("Passcode"), Entry(masked=True, longest=32, console=console))
        yield Live(lambda _: self._said, classes="wrong")
        yield Say(same("Everything done here is on record, under your name."), classes="soft")

    def keys(self) -> Sequence[FootKey]:
        back = FootKey("escape", "Esc", same("Back to the kiosk"))
        out = FootKey("f10", "F10", same("Close the desk"))
        return FootKey("enter", "Enter", same("Sign in")), back if self.stay.at_kiosk else out

    def on_unmount(self) -> None:
        super().on_unmount()
        for entry in self.query(Entry):
            entry.value = ""

    def trouble(self, text: str) -> None:
        """Nobody is signed in: why the store is away is not for everybody."""
        super().trouble(text.partition(" (")[0])

    def focus_first(self) -> None:
        for field in self.query(Field):
            field.widen(_LABEL)
        self._look_for_card(again=True)

    def tick(self) -> None:
        over = self.stay.at_kiosk and self.manner.look.monotonic() - self._since > DOOR_LIMIT
        if over and not self._busy:
            self.stay.end(Leaving.IDLE)
        if self._busy or self._is_nobodys:
            self.stay.vigil.noticed()
        if not self._busy:
            self._look_for_card()
        super().tick()

    async def on_input_submitted(self, event: Entry.Submitted) -> None:
        """Go on to the next line, or knock."""
        name, password, passcode = self._entries
        if self._busy or self.stay.over:
            return
        if event.input is name and name.value:
            password.focus()
        elif (event.input is password and password.value) or (event.input is passcode and passcode.value):
            self._knock()

    async def action_back(self) -> None:
        if not self._busy:
            self.stay.end(Leaving.ASKED)

    def action_leave(self) -> None:
        if self._leave is not None and not self._busy:
            self._leave()

    @property
    def _is_nobodys(self) -> bool:
        """Nobody waits at the RA's own machine; but what was typed there is not left standing."""
        return not self.stay.at_kiosk and not any(entry.value for entry in self.query(Entry))

    def _knock(self) -> None:
        self._busy, self._said = True, "One moment"
        self.later(self._try())
        self.tick()

    async def _try(self) -> None:
        name, password, passcode = self._entries
        lobby = self.stay.lobby
        try:
            if self._card is not None:
                card, self._warned = self._warned, None
                entry = await lobby.by_card(passcode.secret(), self._card, last_try=card == self._card)
            else:
                entry = await lobby.by_password(name.value, password.secret())
        finally:
            name.value, password.value, passcode.value = "", "", ""  # a name may be a password
            self._busy, self._said = False, ""
        if isinstance(entry, Refused):
            if entry.why is Why.LAST_TRY:
                self._warned = self._card
            self._said = _words(entry, self.manner.look.local, at_kiosk=self.stay.at_kiosk)
            self.tick()
            (name if self._card is None else passcode).focus()
        else:
            self._let_in(entry)

    def _let_in(self, session: Session) -> None:
        from screens.maintenance.home import home

        if self.app.screen is not self:  # the demo's tray is open above it: nobody is there
            self.stay.end(Leaving.ASKED)
        if self.stay.over:
            return
        stay = Stay(self.stay.lobby, self.manner.look, self._idle, left=self.stay.left)
        stay.watch()
        stay.who = f"{session.account.name}, {session.account.role.value}"
        self.app.switch_screen(home(session, stay, self.manner))

    def _look_for_card(self, *, again: bool = False) -> None:
        there = self.stay.lobby.card
        if there == self._card and not again:
            return
        self._card, self._said = there, ""
        card = there is not None
        for field, shown in zip(self.query(Field), (not card, not card, card), strict=True):
            field.display = shown
        name, password, passcode = self._entries
        for entry in (password, passcode):
            entry.value = ""
        (passcode if card else name).focus()

    @property
    def _entries(self) -> tuple[Entry, Entry, Entry]:
        name, password, passcode = self.query(Entry)
        return name, password, passcode

    def _heading(self) -> str:
        if self._card is not None:
            return "A card is in the reader. Staff: type its passcode."
        if not self.stay.lobby.reads_cards:
            return "Sign in. No staff card can be read at the moment."
        return "Sign in, or put your staff card in the reader."


def _words(refused: Refused, local: Callable[[datetime], str], *, at_kiosk: bool) -> str:
    if refused.why is Why.WAIT and refused.until is not None:
        minute = refused.until + timedelta(seconds=59)  # as the seconds are not shown
        return f"You have to wait here after a failure, until {local(minute)}."
    if refused.why is Why.PASSCODE_WRONG:
        left = refused.tries_left
        tries = "" if left is None else f" Tries left on the card: {left}."
        return f"The passcode is not right.{tries} Wait a minute before you try again."
    return _REFUSALS[refused.why] if at_kiosk else _AT_DESK.get(refused.why, _REFUSALS[refused.why])
