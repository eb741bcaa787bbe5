"""What the T=0 protocol makes of a card (ISO 7816-3:2006, 10; ISO 7816-4:2013, 12): answers in two steps."""

from __future__ import annotations

from cardio.apdu import SW, Command, Response
from cardio.errors import ProtocolError
from cardio.virtual.card import VirtualCard

_GET_RESPONSE = 0xC0
_MORE, _OTHER_LE = 0x61, 0x6C


class T0Card:
    """Any virtual card, as it is behind T=0.

    Answers to command data wait for GET RESPONSE (61xx); an Le that is not the answer's length is
    told the right one (6Cxx). On a ``strict`` card whatever comes instead of GET RESPONSE ends the
    session: 6F00 until the power has been off.
    """

    def __init__(self, card: VirtualCard, *, strict: bool = True) -> None:
        self._card = card
        self._strict = strict
        self._waiting = b""  # the answer, with its status word, for GET RESPONSE
        self._broken = False

    @property
    def atr(self) -> bytes:
        """The card's."""
        return self._card.atr

    def power_on(self) -> None:
        """Start afresh."""
        self._waiting, self._broken = b"", False
        self._card.power_on()

    def power_off(self) -> None:
        """Forget what was waiting."""
        self._waiting, self._broken = b"", False
        self._card.power_off()

    def transmit(self, apdu: bytes) -> bytes:
        """Carry out one command APDU and return the response APDU."""
        if self._broken:
            return Response(b"", SW.NO_PRECISE_DIAGNOSIS).encode()
        try:
            command = Command.parse(apdu)
        except ProtocolError:
            return Response(b"", SW.WRONG_LENGTH).encode()
        if self._waiting:
            if command.ins == _GET_RESPONSE:
                return self._fetch(command.le or 256)
            self._waiting = b""
            if self._strict:
                self._broken = True
                return Response(b"", SW.NO_PRECISE_DIAGNOSIS).encode()
        answer = self._whole(apdu)
        if len(answer) == 2:
            return answer
        if command.data:  # case 4: Le does not travel with the data
            self._waiting = answer
            return _told(_MORE, len(answer) - 2)
        if command.le is None or min(command.le, 256) != len(answer) - 2:
            return _told(_OTHER_LE, len(answer) - 2)
        return answer

    def _whole(self, apdu: bytes) -> bytes:
        """The card's whole answer, however many pieces it gives it in."""
        answer = self._card.transmit(apdu)
        data = answer[:-2]
        while answer[-2] == _MORE:
            answer = self._card.transmit(bytes([0x00, _GET_RESPONSE, 0x00, 0x00, 0x00]))
            data += answer[:-2]
        return data + answer[-2:]

    def _fetch(self, length: int) -> bytes:
        left = len(self._waiting) - 2
        if length > left:
            return _told(_OTHER_LE, left)
        piece, self._waiting = self._waiting[:length], self._waiting[length:]
        if len(self._waiting) > 2:
            return piece + _told(_MORE, len(self._waiting) - 2)
        status, self._waiting = self._waiting, b""
        return piece + status


def _told(sw1: int, length: int) -> bytes:
    """61xx or 6Cxx; 00 stands for 256 bytes and more."""
    return bytes([sw1, length if length < 256 else 0])
