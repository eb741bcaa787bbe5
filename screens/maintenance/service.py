"""The kiosk out of service and back, and started again."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding

from kiosk.staff.account import Role
from kiosk.staff.seen import Session, Stop
from screens.look import Manner
from screens.maintenance.base import StaffScreen, Stay
from screens.widgets.fields import Entry, Field
from screens.widgets.keys import FootKey, same
from screens.widgets.say import Say

_LONGEST = 120


class ServiceScreen(StaffScreen):
    """Says what people see at the moment, and changes it."""

    BINDINGS = [
        Binding("f5", "resume", show=False),
        Binding("f8", "restart", show=False),
        Binding("f9", "login", show=False),
    ]
    title_text = "Maintenance: service"
    types = True

    _asked = False  # whether the next F8 restarts

    def __init__(self, session: Session, stay: Stay, manner: Manner) -> None:
        super().__init__(stay, manner)
        self.session = session
        self.types = self._may_change

    def content(self) -> ComposeResult:
        yield Say(same("Looking ..."), id="state", classes="strong gap")
        if not self._may_change:
            yield Say(same("A technician takes it out of service, and puts it back."), classes="soft")
            return
        yield Say(
            same("To take it out of service, type what people are to read, and press Enter."), classes="said"
        )
        yield Field(same("Reason"), Entry(masked=False, longest=_LONGEST, console=self.console))
        yield Say(same("For example: The reader is being replaced. Back at 2 o'clock."), classes="soft gap")

    def keys(self) -> Sequence[FootKey]:
        if not self._may_change:
            return super().keys()
        login = [FootKey("f9", "F9", same("Log in"))] if self._administers else []
        return (
            FootKey("enter", "Enter", same("Out of service")),
            FootKey("f5", "F5", same("In service")),
            FootKey("f8", "F8", same("Restart")),
            *login,
            FootKey("escape", "Esc", same("Back")),
        )

    @property
    def _may_change(self) -> bool:
        return self.session.account.role is not Role.OFFICER

    @property
    def _administers(self) -> bool:
        return self.session.account.role is Role.ADMINISTRATOR

    def focus_first(self) -> None:
        for entry in self.query(Entry):
            entry.focus()

    def begin(self) -> None:
        self.later(self._look())

    async def on_input_submitted(self, event: Entry.Submitted) -> None:
        self.later(self._stop(event.value))

    def action_resume(self) -> None:
        if self._may_change:
            self.later(self._resume())

    def action_login(self) -> None:
        """F9: a login prompt of the machine's, for administrators."""
        if self._administers:
            self.trouble("")
            self.later(self.session.service.login_prompt())

    def action_restart(self) -> None:
        """F8: ask once, for whoever pressed it by mistake; any other key takes the question back."""
        if not self._may_change:
            return
        if self._asked:
            self.later(self.session.service.restart())
        self._asked = not self._asked
        anew = ", which begins anew then: all that was done in it is gone" if self.manner.drawer else ""
        self.trouble(f"Press F8 again to restart the kiosk{anew}." if self._asked else "Restarting ...")

    def on_key(self, event: events.Key) -> None:
        if event.key != "f8":
            self._take_back()

    def on_input_changed(self) -> None:
        self._take_back()

    def _take_back(self) -> None:
        if self._asked:
            self._asked = False
            self.trouble("")

    async def _stop(self, reason: str) -> None:
        await self.session.service.stop(reason)
        self.query_one(Entry).value = ""
        await self._look()

    async def _resume(self) -> None:
        await self.session.service.resume()
        await self._look()

    async def _look(self) -> None:
        state = await self.session.service.state()
        if not self._asked:  # or the question would be gone, and the next F8 its answer all the same
            self.trouble("")
        self.query_one("#state", Say).tell(same(self._words(state)))

    def _words(self, state: Stop | None) -> str:
        if state is None:
            return "This kiosk is in service."
        return f"Out of service since {self.manner.look.local(state.at)}, by {state.by}: {state.reason}"
