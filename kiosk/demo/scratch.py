"""A kiosk's surroundings in a scratch folder: store, keys and a mail server, gone at the end."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretBytes

from kiosk.demo.smtp import DemoMailServer, ReceivedMail
from kiosk.keyring import KeyRing, diversified, ring_in_memory
from kiosk.mail import Mailer, SmtpMailer
from kiosk.settings import Settings
from kiosk.storage.place import place
from kiosk.storage.schema import upgrade


@dataclass(frozen=True)
class Scratch:
    """Settings that lead to the scratch folder, its keys, a mail client, and what arrived so far."""

    settings: Settings
    keys: KeyRing
    mailer: Mailer
    inbox: Sequence[ReceivedMail]


@asynccontextmanager
async def scratch_kiosk(settings: Settings) -> AsyncIterator[Scratch]:
    """Make the surroundings, and leave nothing behind. Raises OSError."""
    with tempfile.TemporaryDirectory(prefix="kiosk-demo-") as name:
        folder = Path(name)
        server = DemoMailServer(folder)
        await server.start()
        try:
            chosen = settings.changed(
                state={"directory": folder},
                mail=server.settings.model_dump(),
                database={"url": "sqlite:///kiosk.db"},
                hashing={"cost": 10},  # nothing here outlives the process, and nobody likes to wait
            )
            await asyncio.to_thread(upgrade, place(chosen))
            masters = {name: _random_key() for name in diversified(chosen)}
            keys = ring_in_memory(_random_key(), _random_key(), masters)
            yield Scratch(chosen, keys, SmtpMailer(chosen.mail, server.password), server.inbox)
        finally:
            await server.stop()


def _random_key() -> SecretBytes:
    return SecretBytes(secrets.token_bytes(32))
