"""The app of the RA's own machine: the maintenance side alone. Its first screen is the door."""

from __future__ import annotations

from textual.binding import Binding

from kiosk.staff.entry import Lobby
from screens.look import Look, Manner
from screens.maintenance.sign_in import SignInScreen
from screens.served import ServedApp
from screens.themes import themes


class DeskApp(ServedApp):
    """Shows the door, and shows it again whenever somebody has left. F10 at the door ends it.

    ``idle``: seconds without a key after which whoever is signed in is signed out.
    """

    CSS_PATH = "kiosk.tcss"
    ALLOWED_ACTIONS = ServedApp.ALLOWED_ACTIONS | {"contrast"}
    BINDINGS = [Binding("f7", "contrast", show=False, priority=True)]

    def __init__(self, look: Look, lobby: Lobby, *, idle: float) -> None:
        super().__init__()
        self._manner = Manner(look)
        self._lobby = lobby
        self._idle = idle
        self._themes = themes(look)
        for theme in self._themes:
            self.register_theme(theme)
        self._paint()

    def close(self) -> None:
        """End; whatever was begun with a card is waited for by the lobby's owner."""
        self.exit(0, return_code=0)

    def on_mount(self) -> None:
        self._show_door()

    def action_contrast(self) -> None:
        """Switch to high contrast or back."""
        self._manner.contrast = not self._manner.contrast
        self._paint()

    def _show_door(self) -> None:
        if not self.is_running:
            return
        self._manner.reset()
        self._paint()
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self._lobby.enter()
        door = SignInScreen(
            self._lobby, self._manner, idle=self._idle, left=self._show_door, leave=self.close
        )
        self.push_screen(door)

    def _paint(self) -> None:
        plain, contrast = self._themes
        self.theme = (contrast if self._manner.contrast else plain).name
