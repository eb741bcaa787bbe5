"""A card with several applications on it, as most cards in the field have."""

from __future__ import annotations

from collections.abc import Sequence

from cardio.virtual.card import CardApplication

_NOT_FOUND = bytes.fromhex("6A82")


class CompositeCard:
    """Applications under one answer to reset: SELECT by name decides which one hears what follows."""

    def __init__(self, *applications: CardApplication) -> None:
        self._applications: Sequence[CardApplication] = applications
        self._current = applications[0]

    @property
    def atr(self) -> bytes:
        """The first application's."""
        return self._applications[0].atr

    def power_on(self) -> None:
        """All start afresh."""
        for application in self._applications:
            application.power_on()

    def power_off(self) -> None:
        """All forget."""
        for application in self._applications:
            application.power_off()

    def transmit(self, apdu: bytes) -> bytes:
        """Hand a command to the selected application."""
        if apdu[1:3] == b"\xa4\x04":
            name = apdu[5 : 5 + apdu[4]] if len(apdu) > 4 else b""
            chosen = [one for one in self._applications if one.accepts_aid(name)]
            if not chosen:
                return _NOT_FOUND
            self._current = chosen[0]
        return self._current.transmit(apdu)
