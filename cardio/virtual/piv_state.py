"""What is inside a virtual PIV card."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class PivState:
    """The card's inside, for tests and for the demo's tray. Secrets are kept out of ``repr``."""

    pin_tries_left: int
    puk_tries_left: int
    verified: bool
    pin: str = field(repr=False)
    puk: str = field(repr=False)

    @property
    def locked(self) -> bool:
        """Whether the passcode's counter is at zero."""
        return self.pin_tries_left == 0
