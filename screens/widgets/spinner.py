"""Movement while the kiosk works."""

from __future__ import annotations

from screens.widgets.keys import same
from screens.widgets.say import Say

_FINE = ("⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏")
_CONSOLE = ("|", "/", "-", "\\")
_EVERY = 0.1  # seconds


class Spinner(Say):
    """Turns, as long as it is on screen."""

    def __init__(self, *, console: bool, moving: bool = True) -> None:
        self._frames = _CONSOLE if console else _FINE
        self._frame = 0
        self._moving = moving
        super().__init__(same(self._frames[0]), classes="spinner")

    def on_mount(self) -> None:
        if self._moving:
            self.set_interval(_EVERY, self._turn)

    def _turn(self) -> None:
        self._frame = (self._frame + 1) % len(self._frames)
        self.tell(same(self._frames[self._frame]))
