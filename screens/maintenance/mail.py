"""The mail server, a test mail, and the notices that wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from textual.app import ComposeResult
from textual.binding import Binding

from kiosk.reasons import notice_in_words
from kiosk.staff.account import Role
from kiosk.staff.seen import Session
from kiosk.staff.tools import MailServer, Waiting
from kiosk.staff.trouble import in_words
from screens.look import Manner
from screens.maintenance.base import StaffScreen, Stay
from screens.maintenance.listing import ToolScreen, fact
from screens.widgets.fields import Entry, Field
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import Lines, Row, cut
from screens.widgets.say import Say

_ADDRESS, _REASON = 254, 200  # characters
_SOON = 14  # days, in which a certificate is to be renewed
_HEAD = f"{'notice':<26}{'age':<12}{'tries':<8}next try"


class MailScreen(ToolScreen):
    """Technicians ask the server and send a test; officers may drop a notice."""

    BINDINGS = [
        Binding("f5", "probe", show=False),
        Binding("f8", "retry", show=False),
        Binding("f9", "drop", show=False),
    ]
    title_text = "Maintenance: mail"
    types = True

    _waiting: tuple[Waiting, ...] = ()

    @property
    def _technician(self) -> bool:
        return self.session.account.role is not Role.OFFICER

    def content(self) -> ComposeResult:
        if self._technician:
            yield Say(same(fact("Server", "asking ...")), id="server", classes="line strong")
            yield Say(same(""), id="certificate", classes="line")
            label = same("Send a test mail to")
            yield Field(label, Entry(masked=False, longest=_ADDRESS, console=self.console))
        yield Say(same(""), id="news", classes="good-news")
        yield Say(same("Notices: looking ..."), id="counted", classes="strong")
        yield Say(same(""), id="head", classes="soft")
        yield Lines(pick=not self._technician)

    def tool_keys(self) -> Sequence[FootKey]:
        if not self._technician:
            return (
                FootKey("up", "Up", same("")),
                FootKey("down", "Down", same("Choose")),
                FootKey("f9", "F9", same("Drop it")),
                FootKey("f8", "F8", same("Try all now")),
            )
        return (
            FootKey("enter", "Enter", same("Send test")),
            FootKey("f5", "F5", same("Ask server again")),
            FootKey("f8", "F8", same("Try notices now")),
        )

    def focus_first(self) -> None:
        for entry in self.query(Entry):
            entry.focus()

    def begin(self) -> None:
        self.follow(self.session.mail.outbox, self._show_outbox)
        if self._technician:
            self.later(self._probe())

    def action_probe(self) -> None:
        if self._technician:
            self._line("server", "Server", "asking ...")
            self._line("certificate", "", "")
            self.trouble("")
            self.later(self._probe())

    def action_retry(self) -> None:
        self._news("")
        self.later(self._retry())

    def action_drop(self) -> None:
        if not self._technician and self._waiting:
            chosen = self._waiting[self.lines.picked]
            self.app.push_screen(DropScreen(self.session, chosen, self.stay, self.manner))

    async def on_input_submitted(self, event: Entry.Submitted) -> None:
        if event.value:
            self._news("Sending ...")
            self.later(self._send(event.value))

    async def _probe(self) -> None:
        try:
            server = await self.session.mail.probe()
        except Exception as error:
            if not (text := in_words(error)):
                raise
            self._line("server", "Server", "does not work: see below", bad=True)
            self.trouble(text)
            return
        self._show_server(server)

    async def _send(self, address: str) -> None:
        try:
            await self.session.mail.send_test(address)
        except BaseException:
            self._news("")
            raise
        self._news("The mail server has taken the test mail. See whether it arrives.")

    async def _retry(self) -> None:
        count = await self.session.mail.retry()
        none = "None waits for a later try" + (": those here are under way." if self._waiting else ".")
        self._news(f"Being tried now: {count}." if count else none)

    def _show_server(self, server: MailServer) -> None:
        signed = "signed in" if server.signed_in else "without signing in (mail.username is empty)"
        self._line("server", "Server", f"{server.host}:{server.port} works: {signed}")
        if server.tls is None:
            self._line("certificate", "Secured by", "nothing: mails go in clear", bad=True)
            return
        ends = server.certificate_expires
        left = (ends - self.manner.look.now()).days if ends is not None else None
        until = "" if ends is None else f"; certificate ends {self.manner.look.day(ends)[:10]} ({left} days)"
        soon = left is not None and left < _SOON
        self._line(
            "certificate", "Secured by", f"{server.tls}{until}{': renew it' if soon else ''}", bad=soon
        )

    def _show_outbox(self, waiting: tuple[Waiting, ...]) -> None:
        marked = self._waiting[self.lines.picked].number if self._waiting else 0
        self._waiting = waiting
        numbers = [one.number for one in waiting]
        if marked in numbers:  # others have gone meanwhile
            self.lines.picked = numbers.index(marked)
        over = sum(one.given_up for one in waiting)
        left = len(waiting) - over
        count = "1 notice waits" if left == 1 else f"{left or 'No'} notices wait"
        self.query_one("#counted", Say).tell(same(f"{count}, {over} given up" if over else count))
        head = _HEAD if self._technician else f"  {_HEAD}"
        self.query_one("#head", Say).tell(same(head if waiting else ""))
        self.lines.show([self._row(one) for one in waiting])

    def _row(self, one: Waiting) -> Row:
        now = self.manner.look.now()
        following = "never: given up" if one.given_up else f"in {span(one.next_at, now)}"
        if not one.given_up and one.next_at <= now:
            following = "now"
        text = f"{notice_in_words(one.kind):<26}{span(now, one.created_at):<12}{one.tries:<8}{following}"
        return Row(text, "warn" if one.given_up else "plain")

    def _line(self, name: str, label: str, text: str, *, bad: bool = False) -> None:
        for line in self.query(f"#{name}").results(Say):
            line.tell(same(cut(fact(label, text), max(20, self.size.width - 4)) if text else ""))
            line.set_class(bad, "wrong")

    def _news(self, text: str) -> None:
        self.trouble("")
        for line in self.query("#news").results(Say):
            line.tell(same(text))


class DropScreen(StaffScreen):
    """One notice is taken out, for a reason."""

    title_text = "Maintenance: drop a notice"
    types = True

    def __init__(self, session: Session, notice: Waiting, stay: Stay, manner: Manner) -> None:
        super().__init__(stay, manner)
        self.session = session
        self._notice = notice

    def content(self) -> ComposeResult:
        age = span(self.manner.look.now(), self._notice.created_at)
        kind = notice_in_words(self._notice.kind)
        yield Say(same(f"The notice '{kind}', {age} old, will never be sent."), classes="strong gap")
        warning = "It tells somebody what happened to their card. They will not hear of it from the kiosk."
        yield Say(same(warning), classes="said gap")
        yield Field(same("Reason"), Entry(masked=False, longest=_REASON, console=self.console))
        yield Say(same("The reason goes into the audit trail, under your name."), classes="soft")

    def keys(self) -> Sequence[FootKey]:
        return FootKey("enter", "Enter", same("Drop it")), FootKey("escape", "Esc", same("Keep it"))

    def focus_first(self) -> None:
        self.query_one(Entry).focus()

    async def on_input_submitted(self, event: Entry.Submitted) -> None:
        self.later(self._drop(event.value))

    async def _drop(self, reason: str) -> None:
        await self.session.mail.drop(self._notice.number, reason)
        if self.app.screen is self:
            self.app.pop_screen()


def span(later: datetime, earlier: datetime) -> str:
    """How long it is between two moments, as people say it: "5 min", "3 h", "2 days"."""
    seconds = max(0, round((later - earlier).total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 48 * 3600 else f"{seconds // 86400} days"
