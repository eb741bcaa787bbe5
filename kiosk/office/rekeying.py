"""`kiosk vault`: a new vault key, and what is under which."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kiosk.beforehand import hindrance
from kiosk.keys import KeyProblem
from kiosk.office.office import office
from kiosk.rekeying import KeyUse, Rekeying
from kiosk.settings import Settings
from kiosk.storage.database import NotAllowed
from kiosk.storage.place import sqlite_file
from kiosk.wiring import Parts


async def status(settings: Settings) -> Sequence[KeyUse]:
    """Every vault key that is here or that something is under."""
    async with office(settings) as parts:
        return await _rekeying(parts).status()


async def prepare(settings: Settings, *, alone: bool = False) -> str:
    """Only make the next key; what was done. ``alone`` as in `rekey`. Raises KeyProblem."""
    async with office(settings) as parts:
        work = _rekeying(parts)
        await _require_known(settings, work, alone=alone)
        said = []
        if work.waiting and await work.settled():  # all is under it: whoever has it would have the next
            said.append(work.put_in_place())
            if work.waiting:
                raise KeyProblem(said[0])
        said.append(await work.prepare())
    if _copies_needed(settings):
        said.append(
            f"Next: copy it to every other machine with this store ({_next(settings)}, mode 0600), and "
            "restart the kiosks; then 'kiosk vault rekey' here, and after it on the others"
        )
    return "\n".join(said)


async def rekey(
    settings: Settings,
    say: Callable[[str], None],
    show: Callable[[int, int], None],
    *,
    by: str,
    alone: bool = False,
) -> None:
    """Take everything to the next key, and put that in place; or that alone where nothing else is left.

    ``alone``: no other machine has this store or a key of it. Raises KeyProblem, NotAllowed, VaultError.
    """
    async with office(settings) as parts:
        work = _rekeying(parts)
        await _require_known(settings, work, alone=alone)
        settled = await work.settled()
        if settled and work.waiting:  # another machine has done all else
            say(work.put_in_place())
            return
        if refused := await hindrance(parts.service.store):
            raise NotAllowed(
                f"{work.put_in_place()}; for a new one: {refused}" if settled else _told(refused)
            )
        _require_prepared(settings, work, alone=alone)
        await _carry_out(work, say, show, by=by)
        say(work.put_in_place())
        if _copies_needed(settings) and not alone:
            say("On every other machine: 'kiosk vault rekey', which there only puts the key in place")


async def _carry_out(
    work: Rekeying, say: Callable[[str], None], show: Callable[[int, int], None], *, by: str
) -> None:
    say(await work.prepare())
    shut = 0
    async for progress in work.run(by=by):
        show(progress.done, progress.all)
        shut = progress.shut
    if shut:
        say(f"{shut} secrets do not open: their holders are sent to the RA; enrol their cards again")


async def _require_known(settings: Settings, work: Rekeying, *, alone: bool) -> None:
    """Raise KeyProblem where another machine has a newer key: a third one would shut out what is under it."""
    if key := await work.unknown(alone=alone):
        own = settings.keys.vault
        raise KeyProblem(
            f"the store is under key {key!r}, which is not here: copy it from the machine where 'kiosk vault "
            f"rekey' was run (its {own}.next, or by now {own}), as {_next(settings)}, mode 0600; or put it "
            "back from your backup. Then run this again (with --alone, if no machine has it)"
        )


def _told(refused: str) -> str:
    return (
        f"{refused}. Nothing was changed. An officer's role may, once the owner has run 'kiosk fleet setup' "
        "again. A kiosk only puts the next key in place, when 'kiosk vault rekey' is done elsewhere"
    )


def _require_prepared(settings: Settings, work: Rekeying, *, alone: bool) -> None:
    """Raise KeyProblem where other machines would be left without the key."""
    if _copies_needed(settings) and not work.waiting and not alone:
        raise KeyProblem(
            "no other machine with this store has the next key yet: 'kiosk vault rekey --prepare' first, "
            f"copy {_next(settings)} to each, then run this again (with --alone, if there is none)"
        )


def _copies_needed(settings: Settings) -> bool:
    """Whether other machines may have this store, each with the keys in files or credentials of its own."""
    return sqlite_file(settings) is None and settings.keys.token is None


def _next(settings: Settings) -> str:
    return str(settings.state_directory / f"{settings.keys.vault}.next")


def _rekeying(parts: Parts) -> Rekeying:
    return Rekeying(parts.service.store, parts.vault)
