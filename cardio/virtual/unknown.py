"""Things people put into readers that are no card a kiosk understands."""

from __future__ import annotations

from cardio.apdu import SW, Command, Response
from cardio.errors import ProtocolError


class UnknownCard:
    """A working card without any application we know, like a bank card: SELECT is answered 6A82."""

    def __init__(self, atr: bytes = bytes.fromhex("3B6800000073C84013009000")) -> None:
        self._atr = atr

    @property
    def atr(self) -> bytes:
        """Answer to reset."""
        return self._atr

    def power_on(self) -> None:
        """Nothing to start."""

    def power_off(self) -> None:
        """Nothing to forget."""

    def transmit(self, apdu: bytes) -> bytes:
        """Refuse whatever is asked."""
        try:
            known = Command.parse(apdu).ins == 0xA4
        except ProtocolError:
            return Response(b"", SW.WRONG_LENGTH).encode()
        return Response(b"", SW.NOT_FOUND if known else SW.INS_NOT_SUPPORTED).encode()


class MuteCard(UnknownCard):
    """A card put in upside down, or a piece of plastic: no answer to reset."""

    def __init__(self) -> None:
        super().__init__(b"")
