"""The files and data objects of a virtual card: what its profile says where to read, and no others."""

from __future__ import annotations

from collections.abc import Callable

from cardio.apdu import SW, Command, Response
from cardio.errors import ProtocolError
from cardio.source import MASTER_FILE, Source
from cardio.tlv import Tlv, find

_END_OF_FILE = 0x6282
_SHORT = (b"short",)  # the current file after it was named by its short identifier
_BEFORE, _AFTER = b"\x11", b"\x22"  # what else lies beside a value


class Files:
    """The file of the serial number, if it is in one, and the data objects.

    ``values`` gives each place with the value that is there at the moment.
    """

    def __init__(self, serial: Source, values: Callable[[], list[tuple[Source, bytes]]]) -> None:
        self._serial = serial
        self._values = values
        self._current: tuple[bytes, ...] = ()

    @property
    def open(self) -> bool:
        """Whether a file was selected."""
        return bool(self._current)

    def leave(self) -> None:
        """Select none."""
        self._current = ()

    def select(self, command: Command, *, within: bool) -> Response:
        """SELECT by identifier (P1 00, 02), by path from the master file (08) or the current one (09).

        ``within``: the application is selected.
        """
        parts = tuple(command.data[at : at + 2] for at in range(0, len(command.data), 2))
        path = {
            0x00: parts if parts == (MASTER_FILE,) else (*self._current, *parts),
            0x02: (*self._current, *parts),
            0x08: (MASTER_FILE, *parts),
            0x09: (*self._current, *parts),
        }.get(command.p1)
        if path is None:
            return Response(b"", SW.INCORRECT_P1_P2)
        wanted = self._serial.file
        if not wanted or wanted[: len(path)] != path or not (self._serial.absolute or within):
            return Response(b"", SW.NOT_FOUND)
        self._current = path
        answer = b"" if command.p2 == 0x0C else Tlv.of(0x62, [Tlv(0x83, path[-1])]).encode()
        return Response(answer, SW.OK)

    def read_binary(self, command: Command) -> Response:
        """READ BINARY of the selected file, or of one by its short identifier."""
        if command.p1 & 0x80:
            if self._serial.short_ef != command.p1 & 0x1F:
                return Response(b"", SW.NOT_FOUND)
            self._current, offset = _SHORT, command.p2
        elif self._current not in (self._serial.file, _SHORT):
            return Response(b"", SW.COMMAND_NOT_ALLOWED)
        else:
            offset = command.p1 << 8 | command.p2
        content = next(_content(*place) for place in self._values() if place[0] is self._serial)
        if offset >= len(content):
            return Response(b"", SW.WRONG_P1_P2)
        wanted = command.le or 256
        piece = content[offset : offset + wanted]
        return Response(piece, SW.OK if len(piece) == wanted else _END_OF_FILE)

    def get_data(self, command: Command) -> Response:
        """GET DATA, with the tag in P1-P2 or in a list."""
        for source, value in self._values():
            if _asks_for(command, source):
                return Response(_content(source, value), SW.OK)
        return Response(b"", SW.REFERENCED_DATA_NOT_FOUND)


def _asks_for(command: Command, source: Source) -> bool:
    if command.cla != source.cla:
        return False
    if command.ins == 0xCA:
        tag = bytes([command.p1, command.p2])
        return (
            source.get_data == 0xCA and bool(source.data_object) and tag == source.data_object.rjust(2, b"\0")
        )
    try:
        listed, header = find(command.data, 0x5C), find(command.data, 0x4D)
    except ProtocolError:
        return False
    if source.header_list:
        return header == source.header_list
    return source.get_data == 0xCB and bool(source.data_object) and listed == source.data_object


def _content(source: Source, value: bytes) -> bytes:
    """What lies there: the value at its offset, something behind it, and the objects around it."""
    content = _BEFORE * source.offset + value
    if source.length:
        content += _AFTER * 3
    for tag in reversed(source.tlv):
        content = Tlv(tag, content).encode()
    return content
