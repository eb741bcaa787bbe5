"""The demo's tray: cards to put in and take out, with a crib, and the mailbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll

from kiosk.i18n import Phrase, Words
from screens.frame import KioskScreen
from screens.look import Manner
from screens.maintenance.sign_in import SignInScreen
from screens.widgets.keys import FootKey
from screens.widgets.say import Live, Say

if TYPE_CHECKING:
    from kiosk.demo.desk import Desk


class Digits(FootKey):
    """The digits that put a card in, as many as there are."""

    def __init__(self, count: Callable[[], int]) -> None:
        super().__init__("1", "1-", lambda _: _("Put in"))
        self.tell(lambda _: f"1-{count()} {_('Put in')}")


class Row(Say, can_focus=True, inherit_bindings=False):
    """One line of a list, in focus or not."""

    BINDINGS = [
        Binding("enter,space", "take", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, number: int, phrase: Phrase) -> None:
        super().__init__(phrase, classes="tray-row")
        self.number = number

    def action_take(self) -> None:
        screen = self.screen
        if isinstance(screen, DemoTray):
            screen.take(self.number)

    def on_click(self) -> None:
        self.action_take()


class DemoTray(KioskScreen, inherit_bindings=True):
    """Cards above, the crib of the one in focus below; or the newest mail."""

    CSS_PATH = "demo_tray.tcss"
    BINDINGS = [
        Binding("escape", "app.drawer", show=False),
        Binding("0,delete", "take_out", show=False),
        Binding("m,M", "mailbox", show=False),
        Binding("s,S", "page('staff')", show=False),
        Binding("p,P", "page('people')", show=False),
        Binding("r,R", "cable", show=False),
        Binding("q,Q", "leave", show=False),
    ]

    def __init__(self, desk: Desk, manner: Manner) -> None:
        super().__init__(manner)
        self.add_class("demo-tray")
        self._desk = desk
        self._focused = desk.inside or 0
        self._page = next(page for page in desk.pages if self._focused in page)
        self._mailbox = False
        self._mail = 0  # counted from the newest

    def heading(self, _: Words) -> str:
        if not self._mailbox:
            return _("Demo: put a card in the reader")
        return _("Demo: the mailbox") if self._desk.mails else _("Demo: the mailbox is empty")

    def explanation(self, _: Words) -> str:
        return _(
            "Play the person in front of the kiosk: put a card in, and read the mail that comes."
            " F2 goes back to the kiosk."
        )

    def body(self) -> ComposeResult:
        with Vertical(id="tray-cards"):
            for number in range(len(self._desk.roles)):
                yield Row(number, self._card(number))
            yield Say(self._crib, id="tray-crib")
        with Vertical(id="tray-mailbox"):
            yield Live(self._subjects, id="tray-subjects")
            with VerticalScroll(id="tray-letter", can_focus=True):
                yield Live(self._letter)

    def keys(self) -> Sequence[FootKey]:
        return (
            Digits(lambda: len(self._page)),
            FootKey("0", "0", lambda _: _("Take out")),
            FootKey("m", "M", lambda _: _("Mail")),
            FootKey("s", "S", lambda _: _("Staff"), classes="foot-key to-staff"),
            FootKey("p", "P", lambda _: _("People"), classes="foot-key to-people"),
            FootKey("r", "R", self._cable),
            FootKey("q", "Q", lambda _: _("Leave")),
            FootKey("f2", "F2", lambda _: _("Back")),
        )

    def on_mount(self) -> None:
        if self._desk.inside is None and isinstance(self.app.screen_stack[-2], SignInScreen):
            self.action_page("staff")  # whose card is waited for there

    def focus_first(self) -> None:
        self._show()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if isinstance(event.widget, Row):
            self._focused = event.widget.number
            self.query_one("#tray-crib", Say).tell(self._crib)

    def on_key(self, event: events.Key) -> None:
        if event.character and event.character in "123456789"[: len(self._page)]:
            event.stop()
            self.take(self._page[int(event.character) - 1])
        elif event.key in ("left", "right"):
            event.stop()
            if self._mailbox:
                self._turn(1 if event.key == "right" else -1)
            else:
                self.action_page("people" if self._page == self._desk.pages[1] else "staff")

    def take(self, number: int) -> None:
        """Put the card in, and give the screen back to the kiosk."""
        self._desk.insert(number)
        self.app.call_later(self.app.run_action, "drawer")

    def action_take_out(self) -> None:
        self._desk.remove()
        self.app.call_later(self.app.run_action, "drawer")

    def action_cable(self) -> None:
        """Pull the reader's cable, or plug it in, and give the screen back to the kiosk."""
        self._desk.pull_or_plug()
        self.app.call_later(self.app.run_action, "drawer")

    def action_leave(self) -> None:
        self._desk.leave()

    def action_mailbox(self) -> None:
        self._mailbox = not self._mailbox
        self._mail = 0
        self._show()

    def action_page(self, whose: str) -> None:
        """To the cards of the staff, or to those of the holders."""
        self._page = self._desk.pages[whose == "staff"]
        self._mailbox = False
        self._focused = self._page[0]
        self._show()

    def _cable(self, _: Words) -> str:
        return _("Plug in") if self._desk.unplugged else _("Unplug")

    def _turn(self, by: int) -> None:
        self._mail = max(0, min(len(self._desk.mails) - 1, self._mail + by))
        self.speak()

    def _show(self) -> None:
        for row in self.query(Row):
            row.display = row.number in self._page
        self.query_one("#tray-cards").display = not self._mailbox
        self.query_one("#tray-mailbox").display = self._mailbox
        people = self._page == self._desk.pages[0] and not self._mailbox
        self.query_one(".to-staff").display = people
        self.query_one(".to-people").display = not people
        self.speak()
        if self._mailbox:
            self.query_one("#tray-letter").focus()
        else:
            list(self.query(Row))[self._focused].focus()

    def _card(self, number: int) -> Phrase:
        def phrase(_: Words) -> str:
            role = self._desk.roles[number]
            turned = {True: _("locked"), False: _("unlocked"), None: ""}[self._desk.turned(number)]
            here = _("in the reader") if self._desk.inside == number else role.name
            here = ", ".join(filter(None, (here, turned)))
            digit = next(page for page in self._desk.pages if number in page).index(number) + 1
            return f"{digit}  {role.title(_):<42.42}{here}"

        return phrase

    def _crib(self, _: Words) -> str:
        role = self._desk.roles[self._focused]
        lines = [_("Try this: {what}").format(what=role.try_this(_))]
        if role.passcode:
            lines.append(_("Passcode: {passcode}").format(passcode=role.passcode))
        if role.email:
            lines.append(_("Email: {address}").format(address=role.email))
        lines += [f"{question(_)}: {answer}" for question, answer in role.crib()]
        return "\n".join(lines)

    def _subjects(self, _: Words) -> str:
        mails = self._desk.mails
        if not mails:
            return _("A mail arrives when you register, unlock, or change something.")
        mail = mails[-1 - self._mail]
        place = _("Mail {number} of {count}").format(number=len(mails) - self._mail, count=len(mails))
        turn = _("Left and Right turn the pages") if len(mails) > 1 else ""
        at = self.manner.look.local(mail.at)
        return f"{place}   {turn}\n{at}  {mail.recipient}\n{mail.subject}"

    def _letter(self, _: Words) -> str:
        mails = self._desk.mails
        return mails[-1 - self._mail].text.strip() if mails else ""
