"""A virtual library card, with true counters."""

from __future__ import annotations

import secrets

from cardio.apdu import SW, Command, Response
from cardio.virtual.card import CardApplication
from cardio.virtual.reference import Reference
from library_card import AID, NUMBER, PASSCODE, TRIES

ATR = bytes.fromhex("3B87800100004C494252415259")


class VirtualLibraryCard(CardApplication):
    """One library card; its number is random where none is given."""

    aid = AID

    def __init__(self, number: str = "", passcode: str = "123456", code: str = "SERVICEONE") -> None:
        super().__init__(ATR)
        self._number = number or f"{secrets.randbelow(90_000_000) + 10_000_000}"
        self.passcode = Reference.padded(passcode, 8, 3)
        self.code = Reference.padded(code, 10, 3)

    def reset(self) -> None:
        """There is no security status."""

    def select_response(self) -> bytes:
        """Nothing."""
        return b""

    def process(self, command: Command) -> Response:
        """Answer one command."""
        if command.ins == 0xCA:
            return self._get_data(command)
        if command.p2 != PASSCODE or command.ins not in (0x20, 0x24, 0x2C):
            return Response(b"", SW.INS_NOT_SUPPORTED)
        reference = self.code if command.ins == 0x2C else self.passcode
        given, new = command.data[: len(reference.value)], command.data[len(reference.value) :]
        if reference.left == 0:
            return Response(b"", SW.AUTHENTICATION_METHOD_BLOCKED)
        if not reference.check(given):
            return Response(b"", 0x63C0 | reference.left)
        if command.ins != 0x20:
            self.passcode.set(new)
        return Response(b"", SW.OK)

    def _get_data(self, command: Command) -> Response:
        objects = {NUMBER: self._number.encode(), TRIES: bytes([self.passcode.left, self.code.left])}
        content = objects.get(command.p2) if command.p1 == 0x01 else None
        return Response(b"", SW.NOT_FOUND) if content is None else Response(content, SW.OK)
