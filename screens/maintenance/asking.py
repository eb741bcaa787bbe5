"""What has to be typed before it can be said what a deed will do: a new person, or another address."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from kiosk.staff.desk import Act, Deed, Page
from screens.maintenance.counter import Counter, DeskScreen, who_it_is
from screens.maintenance.deed import TITLES
from screens.widgets.fields import Entry, Field
from screens.widgets.keys import FootKey, same
from screens.widgets.say import Say

_ID, _NAME, _ADDRESS = 64, 200, 254  # characters
_LABEL = 9  # cells
_NEEDED = ("Type the person's id", "Type the person's name")  # the address may be left empty


class AskScreen(DeskScreen):
    """Fields, one below the other; Enter goes to the next, and from the last one on."""

    types = True

    def __init__(self, counter: Counter, act: Act, page: Page | None = None) -> None:
        super().__init__(counter)
        self._act, self._page = act, page
        self.title_text = f"Desk: {TITLES[act].lower()}"

    def content(self) -> ComposeResult:
        if self._page is None:
            yield Say(same("Who is it? The address may be left empty."), classes="strong gap")
            yield Field(same("Id"), self._entry(_ID))
            yield Field(same("Name"), self._entry(_NAME))
            yield Field(same("Address"), self._entry(_ADDRESS))
        else:
            who = who_it_is(self._page.holder_id, self._page.name)
            yield Say(same(who), classes="line strong gap")
            yield Say(same("Where are their codes to be sent? Make sure who is asking."), classes="said gap")
            yield Field(same("Address"), self._entry(_ADDRESS, self._page.email))

    def desk_keys(self) -> Sequence[FootKey]:
        return (FootKey("enter", "Enter", same("Go on")),)

    def focus_first(self) -> None:
        for field in self.query(Field):
            field.widen(_LABEL)
        next(iter(self.query(Entry))).focus()

    def on_screen_resume(self) -> None:
        """Back from the deed: to what may have to be typed anew, which is as it was."""
        for entry in list(self.query(Entry))[-1:]:
            if entry.value:
                entry.focus()
                entry.offer()

    async def on_input_submitted(self, event: Entry.Submitted) -> None:
        entries = list(self.query(Entry))
        at = entries.index(event.input) if isinstance(event.input, Entry) else 0
        if not self._is_whole(at + 1):
            return
        if at + 1 < len(entries):
            entries[at + 1].focus()
        else:
            self._go_on([entry.value.strip() for entry in entries])

    def _is_whole(self, fields: int) -> bool:
        """Refuse beside its field the first of so many that is empty and may not be."""
        missing = _NEEDED if self._page is None else ()
        for field, refusal in list(zip(self.query(Field), missing, strict=False))[:fields]:
            empty = not field.entry.value.strip()
            field.refuse(same(refusal) if empty else None)
            if empty:
                field.entry.focus()
                return False
        return True

    def _go_on(self, typed: list[str]) -> None:
        if self._page is not None:
            deed = Deed(self._act, self._page.holder_id, email=typed[0])
            self.propose(deed, who_it_is(self._page.holder_id, self._page.name))
        else:
            holder_id, name, email = typed
            self.propose(Deed(self._act, holder_id, name=name, email=email), who_it_is(holder_id, name))

    def _entry(self, longest: int, value: str = "") -> Entry:
        return Entry(masked=False, longest=longest, value=value, console=self.console, offers=True)
