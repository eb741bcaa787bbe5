"""The frame of the maintenance side: a dark bar that names who is signed in; Esc back; idle signs out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical

from kiosk.i18n import Words
from kiosk.staff.entry import Leaving, Lobby
from kiosk.staff.trouble import in_words
from screens.closed import ClosedApp
from screens.failures import record
from screens.frame import KioskScreen
from screens.look import Look, Manner
from screens.patience import Mood, Vigil
from screens.widgets.fields import Entry, Field
from screens.widgets.keyboard import OnScreenKeyboard
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import cut
from screens.widgets.say import Live, Say

T = TypeVar("T")

_AGAIN = 1.0  # seconds after which a stream that was in trouble is begun anew
_STANDING = 5.0  # seconds between two looks whether the account still stands
_WARNING = 30.0  # seconds before the end in which the bar says so


class Stay:
    """One stay at the maintenance side, which all its screens share.

    ``idle``: seconds without a key. ``left`` is called when they have been signed out; None at a kiosk,
    which then shows its own screen in place of all these.
    """

    def __init__(
        self, lobby: Lobby, look: Look, idle: float, *, left: Callable[[], None] | None = None
    ) -> None:
        self.lobby = lobby
        self.left = left
        self.at_kiosk = left is None
        self.who = ""
        self.over = False
        self._watching: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.vigil = Vigil(idle, min(_WARNING, idle / 2), 0, look.monotonic)

    def run(self, work: Coroutine[Any, Any, None], ended: Callable[[BaseException | None], None]) -> None:
        """Do something in a task of its own; ``ended`` is told how it ended."""
        task = asyncio.create_task(work, name="maintenance")
        self._tasks.add(task)

        def done(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            if not task.cancelled():
                ended(task.exception())

        task.add_done_callback(done)

    def end(self, why: Leaving) -> None:
        """Sign out, once."""
        if not self.over:
            self.over = True
            self.lobby.shut()
            self._leaving = asyncio.create_task(self._end(why), name="sign out")

    async def _end(self, why: Leaving) -> None:
        if self._watching is not None:
            self._watching.cancel()
        while self._tasks:  # a card that is being written, a mail under way
            await asyncio.wait(set(self._tasks))
        await self.lobby.leave(why)
        if self.left is not None:
            self.left()

    def watch(self) -> None:
        """Look now and then whether whoever is signed in may still be."""
        self._watching = asyncio.create_task(self._watch(), name="standing")

    async def _watch(self) -> None:
        while not self.over:
            await asyncio.sleep(_STANDING)
            with suppress(Exception):  # the store is away: the next look tells
                if not await self.lobby.standing():
                    self.end(Leaving.SHUT)


class StaffScreen(KioskScreen, inherit_bindings=False):
    """A screen of the maintenance side. Subclasses give `title`, `content` and `keys`."""

    CSS_PATH = "maintenance.tcss"
    BINDINGS = [
        Binding("tab", "app.focus_next", show=False),
        Binding("shift+tab", "app.focus_previous", show=False),
        Binding("escape", "back", show=False),
        Binding("f6", "letters", show=False),
    ]
    title_text = ""
    types = False  # whether something is typed here, for which there may be no keyboard

    def __init__(self, stay: Stay, manner: Manner) -> None:
        super().__init__(manner)
        self.add_class("staff")
        self.stay = stay
        self._following: list[asyncio.Task[None]] = []
        self._led_on = asyncio.Event()
        self._led_on.set()

    def heading(self, _: Words) -> str:
        return self.title_text

    def explanation(self, _: Words) -> str:
        return ""

    def content(self) -> ComposeResult:
        """What stands between bar and footer, 76 cells wide at 80 columns."""
        yield from ()

    def keys(self) -> Sequence[FootKey]:
        return (FootKey("escape", "Esc", same("Back")),)

    def more_keys(self) -> Sequence[Say]:
        """What stands in a row above those keys, where one row is not enough."""
        return ()

    def compose(self) -> ComposeResult:
        look = self.manner.look
        with Vertical(id="header"):
            with Horizontal(classes="names"):
                yield Say(self.heading, classes="service")
                yield Live(lambda _: f"{look.site.kiosk_name}   {look.local(look.now())}", classes="kiosk")
            with Horizontal(classes="tools"):
                if look.banner:
                    yield Say(look.banner, classes="banner")
                yield Live(self._who, classes="who")
                if self.manner.drawer:
                    yield FootKey("f2", "F2", same("Demo"))
        with Vertical(id="staff-body"):
            yield from self.content()
        yield Say(same(""), id="trouble", classes="wrong")
        if self.types:
            yield OnScreenKeyboard(signs=True)
        if more := self.more_keys():
            with Horizontal(id="more-keys"):
                yield from more
        with Horizontal(id="footer"):
            yield from self.keys()
            if self.types and look.site.touch:
                yield FootKey("f6", "F6", same("ABC"))

    def on_mount(self) -> None:
        self.set_class(self.types and self.manner.look.site.touch, "-keyboard")
        self.speak()
        self.set_interval(self.manner.look.tick, self.tick)
        self.focus_first()
        self.begin()

    def begin(self) -> None:
        """What is begun once, when the screen is there. `focus_first` may be called at any key."""

    async def on_event(self, event: events.Event) -> None:
        """Whatever is pressed or touched counts as a sign of life, and nothing once they have left."""
        if self.stay.over and isinstance(event, events.Key | events.MouseEvent | events.Paste):
            return
        if isinstance(event, events.Key | events.MouseDown | events.Paste):
            self.stay.vigil.noticed()
        await super().on_event(event)

    @on(Entry.Changed)
    def not_known_of(self, event: Entry.Changed) -> None:
        """What was wrong with a text is not known of another one."""
        if event.value:  # emptied by the screen itself, it is the text that was wrong
            self.trouble("")
            for field in self.query(Field):
                if field.entry is event.input:
                    field.refuse(None)

    def tick(self) -> None:
        super().tick()
        if self.stay.vigil.mood is Mood.OVER:
            self.stay.end(Leaving.IDLE)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that takes its time. Nothing cancels it: leaving waits until it has ended."""
        if self.stay.over:
            work.close()
            return
        self.stay.run(work, self._ended)

    def lead_on(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that leads to another screen. What is typed meanwhile waits, and is for that one."""

        async def leading() -> None:
            try:
                await work
            finally:
                self._led_on.set()

        if self.stay.over:
            work.close()
        else:
            self._led_on.clear()
            self.later(leading())

    async def led_on(self) -> None:
        await self._led_on.wait()

    def meanwhile(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Follow something for as long as this screen is there, or until the task is cancelled."""
        task = asyncio.create_task(work, name="following")
        self._following = [other for other in self._following if not other.done()] + [task]
        task.add_done_callback(self._followed)
        return task

    def follow(self, stream: Callable[[], AsyncIterator[T]], show: Callable[[T], None]) -> asyncio.Task[None]:
        """Show each thing of a stream for as long as this screen is there, beginning anew after trouble."""
        return self.meanwhile(self._follow(stream, show))

    async def _follow(self, stream: Callable[[], AsyncIterator[T]], show: Callable[[T], None]) -> None:
        troubled = False
        while True:
            try:
                async for one in stream():
                    if troubled:
                        troubled = False
                        self.trouble("")
                    if self.is_attached:
                        show(one)
                return
            except Exception as error:
                if not (text := in_words(error)):
                    raise
                troubled = True
                self.trouble(text)
            await asyncio.sleep(_AGAIN)

    def _followed(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self._ended(task.exception())

    def on_unmount(self) -> None:
        for task in self._following:
            task.cancel()

    def _ended(self, error: BaseException | None) -> None:
        if error is None:
            return
        if not self.is_attached:  # they have gone on, and it had nothing to be drawn on any more
            record(error, "maintenance")
        elif self.is_mounted and (text := in_words(error)):
            self.trouble(text)
        elif isinstance(self.app, ClosedApp):
            self.app.fail(error, "maintenance")

    @property
    def room(self) -> int:
        """Cells of a line."""
        return max(20, self.size.width - 4)

    def line(self, name: str, text: str, *, kind: str = "") -> None:
        """Say something in a line of its own; ``kind`` is "" or "wrong"."""
        for said in self.query(f"#{name}").results(Say):
            said.tell(same(cut(text, self.room)))
            said.set_class(kind == "wrong", "wrong")

    def trouble(self, text: str) -> None:
        """Show what went wrong with something that was asked for here."""
        for line in self.query("#trouble").results(Say):
            line.tell(same(text))

    def action_letters(self) -> None:
        """Open the on-screen keyboard, or close it."""
        self.toggle_class("-keyboard")

    async def action_back(self) -> None:
        """To the screen before; from the first one, out."""
        self.app.pop_screen()

    def _who(self, _: Words) -> str:
        if self.stay.over:
            return "signing out"
        if self.stay.vigil.mood is Mood.ASKING:
            return f"signed out in {round(self.stay.vigil.left)} s: press any key to stay"
        return self.stay.who
