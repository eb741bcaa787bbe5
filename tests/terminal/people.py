"""The people of the terminal's stories: who they are, and how they come into the store."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from cardio.virtual.piv import PivCard
from cardio.virtual.reader import VirtualReader
from kiosk.keyring import key_ring
from kiosk.proofs.hashing import Hasher
from kiosk.settings import load
from kiosk.wiring import put_together
from tests.stories.plots import register
from tests.stories.world import ANSWERS, PIN, PUK, Hands, Post, World

NEW_PIN = "739164"


@dataclass
class Person:
    """A holder, with all that they know. Their card is the metal: it stays what it is between visits."""

    id: str
    name: str
    email: str
    card: PivCard = field(repr=False)
    answers: dict[str, str] = field(default_factory=lambda: dict(ANSWERS))

    @property
    def pin(self) -> str:
        """The passcode of their card."""
        return self.card.state().pin


def crowd(prefix: str, size: int, **card: Any) -> list[Person]:
    """So many people, with a card each."""
    return [
        Person(
            f"{prefix}{number:03}",
            "Ann Jones",
            f"{prefix.lower()}{number:03}@nhs.net",
            PivCard(pin=PIN, puk=PUK, **card),
        )
        for number in range(1, size + 1)
    ]


def roll(people: Iterable[Person]) -> str:
    """The file with which `kiosk card import` brings them in."""
    text = StringIO()
    rows = csv.writer(text)
    rows.writerow(("holder_id", "name", "email", "family", "serial", "unblock_secret", "card_key"))
    for one in people:
        guid, key = one.card.guid.hex(), one.card.card_key_der or b""
        rows.writerow((one.id, one.name, one.email, "piv", f"guid:{guid}", one.card.state().puk, key.hex()))
    return text.getvalue()


async def register_all(config: Path, people: Iterable[Person]) -> None:
    """Have them registered already: by the kiosk's own journey, on the kiosk's store, without a screen.

    Their answers are hashed at bcrypt's least cost; the kiosk reads the cost from the hash.
    """
    settings = load(config)
    keys, reader, post = key_ring(settings), VirtualReader(), Post()
    hasher = Hasher(keys.pepper, 4)
    parts = put_together(settings, reader=reader, keys=keys, mailer=post, hasher=hasher)
    world = World(parts, parts, reader, post, Hands())
    try:
        for person in people:
            await register(world, person.card)
        await parts.service.notices.send_due()
    finally:
        await parts.close()
