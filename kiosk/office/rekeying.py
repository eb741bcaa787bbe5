"""`kiosk vault`: a new vault key, and what is under which."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kiosk.office.office import office
from kiosk.rekeying import KeyUse, Rekeying
from kiosk.settings import Settings
from kiosk.wiring import Parts


async def status(settings: Settings) -> Sequence[KeyUse]:
    """Every vault key that is here or that something is under."""
    async with office(settings) as parts:
        return await _rekeying(parts).status()


async def prepare(settings: Settings) -> str:
    """Only make the next key; what was done."""
    async with office(settings) as parts:
        return await _rekeying(parts).prepare()


async def rekey(
    settings: Settings, say: Callable[[str], None], show: Callable[[int, int], None], *, by: str
) -> None:
    """Take everything to the next key, and put that in place. Raises KeyProblem, VaultError."""
    async with office(settings) as parts:
        work = _rekeying(parts)
        say(await work.prepare())
        shut = 0
        async for progress in work.run(by=by):
            show(progress.done, progress.all)
            shut = progress.shut
        if shut:
            say(f"{shut} secrets do not open: their holders are sent to the RA; enrol their cards again")
        say(work.put_in_place())


def _rekeying(parts: Parts) -> Rekeying:
    return Rekeying(parts.service.store, parts.vault)
