"""A Textual app without its ways out.

Pinned to one Textual release: some of what is closed here is private to it. tests/screens/test_ways_out.py
holds every hole against the installed one.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from textual.app import App
from textual.screen import Screen

from screens.failures import EX_SOFTWARE, record

R = TypeVar("R")


class ClosedApp(App[R], inherit_bindings=False):
    """No quitting, palette, clipboard, selection, links, files, screenshots, suspending, tracebacks."""

    ENABLE_COMMAND_PALETTE = False
    COMMANDS: ClassVar[set[Any]] = set()
    ALLOW_SELECT = False
    AUTO_FOCUS = None
    ALLOWED_ACTIONS: ClassVar[frozenset[str]] = frozenset({"focus_next", "focus_previous"})

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what is listed may be run, by a key, by a link in a text or in any other way."""
        return action in self.ALLOWED_ACTIONS and super().check_action(action, parameters)

    def get_system_commands(self, screen: Screen[Any]) -> tuple[()]:
        """None at all."""
        return ()

    def copy_to_clipboard(self, text: str) -> None:
        """There is no clipboard: it would outlive the person and reach the terminal's."""

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Nothing is opened."""

    def deliver_text(self, path_or_file: object, **_: Any) -> None:
        """Nothing leaves as a file."""

    def deliver_binary(self, path_or_file: object, **_: Any) -> None:
        """Nothing leaves as a file."""

    def panic(self, *renderables: object) -> None:
        """End with exit code 70. What was to be printed may hold anything, and is not."""
        self._return_code = EX_SOFTWARE
        self._close_messages_no_wait()

    def fail(self, error: BaseException, where: str = "screens") -> None:
        """End because of an error nobody expected; only its type and place are told, and only to the log."""
        record(error, where)
        self.panic()

    def _handle_exception(self, error: Exception) -> None:
        if self._exception is None:  # what a test's pilot raises again
            self._exception = error
            self._exception_event.set()
        self.fail(error)

    def _print_error_renderables(self) -> None:
        self._exit_renderables.clear()
