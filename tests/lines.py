"""A TCP line to a server that can be cut at any message, or go dead without a word."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from enum import Enum


class Cut(Enum):
    """Where a line is cut: what the client says is lost, or only the server's answer to it."""

    SAYING = "saying"
    ANSWER = "answer"

    def __str__(self) -> str:
        return self.value


class Line:
    """Passes on what is said between clients and a server on 127.0.0.1, and counts what clients say.

    `cut` cuts the connection at the client's message number ``nth`` from then on; `dead` lets everything
    wait, as a router does that was switched off.
    """

    def __init__(self, port: int) -> None:
        self._server_port = port
        self.port = 0
        self.said = 0
        self.was_cut = False
        self._how: Cut | None = None
        self._at = 0
        self._flows = asyncio.Event()
        self._flows.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Begin to listen, on `port`."""
        self._listening = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End everything."""
        self._listening.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in self._writers), return_exceptions=True)

    def cut(self, how: Cut, nth: int) -> None:
        """Cut a connection at what a client says as number ``nth`` from now."""
        self._how, self._at, self.was_cut = how, self.said + nth, False

    def dead(self, dead: bool) -> None:
        """Whether nothing gets through any more; nobody is told."""
        if dead:
            self._flows.clear()
        else:
            self._flows.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        self._writers |= {writer, server_writer}
        mute = asyncio.Event()  # the answer to what was said is lost
        up = asyncio.create_task(self._up(reader, server_writer, mute))
        down = asyncio.create_task(self._down(server_reader, writer, mute))
        try:
            with suppress(asyncio.CancelledError):  # the test is over
                await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (up, down):
                each.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
            for end in (writer, server_writer):
                end.close()

    async def _up(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mute: asyncio.Event
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                await self._flows.wait()
                self.said += 1
                if self._how is not None and self.said == self._at:
                    how, self._how, self.was_cut = self._how, None, True
                    if how is Cut.SAYING:
                        return
                    mute.set()
                writer.write(data)
                await writer.drain()

    async def _down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mute: asyncio.Event
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                await self._flows.wait()
                if mute.is_set():
                    return
                writer.write(data)
                await writer.drain()
