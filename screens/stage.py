"""Draws a conversation: a kiosk.dialogue.Stage on a Textual app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

from textual.app import App
from textual.events import Event, Key
from textual.screen import Screen

from kiosk.steps import Busy, Scene, Step
from screens.busy import BusyScreen
from screens.frame import KioskScreen
from screens.look import Look, Manner
from screens.scenes import SceneScreen
from screens.themes import themes
from screens.views import SCENE_VIEWS, view_of

A = TypeVar("A")

HABIT = 1.0  # seconds, in which an Enter is meant for the code whose last digit has sent it already


class TextualStage:
    """Owns the screen stack above the app's bare one: one kiosk screen, and what is open above it.

    That is the maintenance side, or the drawer, or the drawer above the maintenance side.
    """

    def __init__(
        self, app: App[Any], look: Look, drawer: Callable[[Manner], Screen[Any]] | None = None
    ) -> None:
        self._app = app
        self._manner = Manner(look, drawer=drawer is not None)
        self._drawer = drawer
        self._screen: KioskScreen | None = None
        self._open_drawer: Screen[Any] | None = None
        self._put_at = self._habit_until = 0.0
        self._plain, self._contrast = themes(look)
        for theme in (self._plain, self._contrast):
            app.register_theme(theme)
        self._paint()

    @property
    def language(self) -> str:
        """The language shown at the moment."""
        return self._manner.words.language

    def show(self, scene: Scene) -> None:
        """Show what is seen while no journey runs; forget everything of the last person."""
        self._manner.reset()
        self._paint()
        self._put(SCENE_VIEWS[type(scene)](scene, self._manner))

    def pose(self, step: Step[A]) -> asyncio.Future[A]:
        """Show a step; the future is resolved once, with the answer or with Abandoned."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._put(view_of(step)(step, self._manner, answer))
        return answer

    def work(self, busy: Busy) -> None:
        """Show that the kiosk is working."""
        self._put(BusyScreen(busy, self._manner))

    def next_language(self) -> None:
        """Redraw in the next language, on the spot; what was typed stays."""
        self._manner.change_language()
        self._speak()

    def toggle_contrast(self) -> None:
        """Switch to high contrast or back."""
        self._manner.contrast = not self._manner.contrast
        self._paint()

    def toggle_drawer(self) -> None:
        """Open the drawer above the present screen, or close it."""
        if self._drawer is None:
            return
        if self._is_drawer_open:
            self._open_drawer = None
            self._app.pop_screen()
        else:
            self._open_drawer = self._drawer(self._manner)
            self._app.push_screen(self._open_drawer)

    def open_maintenance(self, screen: Callable[[Manner], Screen[Any] | None]) -> None:
        """Open the maintenance side while nobody is asked anything, unless ``screen`` gives None.

        The drawer, where it is open, is closed.
        """
        if self._is_drawer_open:
            self.toggle_drawer()
        if isinstance(self._screen, SceneScreen) and not self._is_covered():
            there = screen(self._manner)
            if there is not None:
                self._app.push_screen(there)

    def noticed(self) -> bool:
        """Somebody pressed a key or touched, wherever. True if that is all it should do."""
        return self._screen is not None and self._screen.is_mounted and self._screen.noticed()

    def is_meant(self, event: Event) -> bool:
        """Whether it came when the present screen was there: what was typed ahead is for no other.

        Nor is the Enter that many press after a code that has sent itself: it would confirm what nobody read.
        """
        if event.time < self._put_at:
            return False
        if isinstance(event, Key) and event.key == "enter":
            return event.time >= self._habit_until
        self._habit_until = 0.0  # they have begun with something else
        return True

    def _put(self, screen: KioskScreen) -> None:
        if not self._app.is_running:
            return
        self._put_at = monotonic()
        self._uncover()
        before, self._screen = self._screen, screen
        if before is not None and before.has_sent_itself:
            self._habit_until = self._put_at + HABIT
        if before is None:
            self._app.push_screen(screen)
        else:
            if before.is_mounted:
                before.retire()
            self._app.switch_screen(screen)

    @property
    def _is_drawer_open(self) -> bool:
        return self._open_drawer is not None and self._app.screen is self._open_drawer

    def _is_covered(self) -> bool:
        return self._screen is not None and self._app.screen_stack[-1] is not self._screen

    def _uncover(self) -> None:
        self._open_drawer = None
        while self._screen in self._app.screen_stack and self._is_covered():
            self._app.pop_screen()

    def _speak(self) -> None:
        for screen in self._app.screen_stack:
            if isinstance(screen, KioskScreen) and screen.is_mounted:
                screen.speak()

    def _paint(self) -> None:
        self._app.theme = (self._contrast if self._manner.contrast else self._plain).name
