"""Where an act is played: the same store, card and time each time, and a mailbox that begins empty."""

from __future__ import annotations

import copy
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kiosk.keyring import key_ring
from kiosk.keys import create_key
from kiosk.settings import Settings
from kiosk.storage.place import sqlite_file
from tests import postgres
from tests.killed.outside import Outside
from tests.smtp import mail_server
from tests.stories.cast import AnyCard, Role
from tests.stories.world import Hands, World, new_world


@dataclass(frozen=True)
class Place:
    """A state directory, the store that its kiosk uses, and what time it is there."""

    settings: Settings
    hands: Hands

    @asynccontextmanager
    async def world(self) -> AsyncIterator[World]:
        """A kiosk of this process that has just started there."""
        folder = self.settings.state_directory
        async with new_world(folder, self.settings, keys=key_ring(self.settings), hands=self.hands) as made:
            yield made

    @contextmanager
    def copied(self, folder: Path) -> Iterator[Place]:
        """The same again, in another folder, which is removed afterwards."""
        shutil.copytree(self.settings.state_directory, folder)
        settings, url = self.settings.changed(state={"directory": folder}), ""
        if sqlite_file(settings) is None:
            url = postgres.server().copy(settings.database.url)
            settings = settings.changed(database={"url": url})
        try:
            yield Place(settings, copy.deepcopy(self.hands))
        finally:
            if url:
                postgres.server().drop(url)
            shutil.rmtree(folder)


def new_place(folder: Path, role: Role, database: dict[str, str]) -> Place:
    """An empty one, with keys of its own."""
    settings = role.settings.changed(state={"directory": folder}, database=database)
    for key in (settings.keys.vault, settings.keys.pepper):
        create_key(folder / key)
    return Place(settings, Hands())


@asynccontextmanager
async def outside(folder: Path, card: AnyCard) -> AsyncIterator[Outside]:
    """What outlives the processes there: such a card, and a mail server."""
    async with mail_server(folder) as server:
        yield Outside(copy.deepcopy(card), server)
