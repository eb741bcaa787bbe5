"""A process that appends to the audit trail: ``python -m tests.kiosk.appending DIRECTORY URL NAME COUNT``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from cardio.virtual.reader import VirtualReader
from kiosk.audit import Event, Subject
from kiosk.keyring import ring_in_memory
from kiosk.office.office import NoMail
from kiosk.settings import Settings
from kiosk.wiring import put_together
from tests.stories.world import PEPPER, VAULT_KEY


async def append(directory: Path, url: str, name: str, count: int) -> None:
    """Append so many events, one after another."""
    settings = Settings().changed(
        state={"directory": directory}, database={"url": url}, site={"kiosk_name": name}
    )
    keys = ring_in_memory(VAULT_KEY, PEPPER)
    parts = put_together(settings, reader=VirtualReader(), keys=keys, mailer=NoMail(), patience=None)
    for _ in range(count):
        await parts.service.store.record(Event.KIOSK_STARTED, Subject())
    await parts.close()


if __name__ == "__main__":
    asyncio.run(append(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))
