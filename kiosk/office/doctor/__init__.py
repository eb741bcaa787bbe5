"""What could keep the kiosk from working, and what to do about it.

```
finding.py       what a check found
fleet.py         the role in the database
hardware.py      card service and reader
keys.py          the vault's keys and the pepper
living.py        service, memory, waiting notices, the last unlock
storing.py       database, schema, disk, cards' keys
surroundings.py  mail server, clock, languages, terminal
```
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from kiosk.keys import KeyProblem
from kiosk.office.doctor import fleet, hardware, keys, living, storing, surroundings
from kiosk.office.doctor.finding import Finding, Hands, Level, unseen
from kiosk.settings import Settings, SettingsError

__all__ = ["CHECKS", "OFFICE", "Finding", "Hands", "Level", "examine"]

LIMIT = 14.0  # seconds for each check; all run side by side

Check = Callable[[Settings], Awaitable[Finding | None]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("service", living.service),
    ("card service", hardware.card_service),
    ("reader", hardware.reader),
    ("store", storing.store),
    ("schema", storing.schema),
    ("database role", fleet.role),
    ("disk", storing.disk),
    ("vault key", keys.vault_key),
    ("pepper key", keys.pepper_key),
    ("card keys", storing.card_keys),
    ("memory", living.memory),
    ("notices", living.notices),
    ("last unlock", living.last_unlock),
    ("mail server", surroundings.mail_server),
    ("clock", surroundings.clock),
    ("languages", surroundings.languages),
    ("terminal", surroundings.terminal),
)

_KIOSK_ALONE = (
    "service",
    "card service",
    "reader",
    "mail server",
    "terminal",
)  # the office's commands send no mail
OFFICE = tuple(
    (name, fleet.office_role if name == "database role" else check)
    for name, check in CHECKS
    if name not in _KIOSK_ALONE
)
"""For a machine on which officers or the database's owner work, and no kiosk runs."""


async def examine(
    settings: Settings, checks: Sequence[tuple[str, Check]] = CHECKS, limit: float = LIMIT
) -> list[Finding]:
    """Run every check, each for ``limit`` seconds at most; what does not apply here is left out."""
    found = await asyncio.gather(*(_one(name, check, settings, limit) for name, check in checks))
    return [finding for finding in found if finding is not None]


async def _one(name: str, check: Check, settings: Settings, limit: float) -> Finding | None:
    """One check; whatever goes wrong within it is a finding too, and spoils no other."""
    try:
        async with asyncio.timeout(limit):
            return await check(settings)
    except (KeyProblem, SettingsError) as problem:  # a check tells its own: this is what leads to the store
        if name != "store":
            return unseen(name)
        return Finding(
            name, Level.FAIL, str(problem), "mend it: without it nothing can be read from the store"
        )
    except TimeoutError:
        return Finding(name, Level.FAIL, f"no answer within {limit:g} s", "find out why, and look again")
    except Exception as error:  # a check must not keep the others from being told
        return Finding(
            name, Level.FAIL, f"the check itself failed: {type(error).__name__}", "report this", Hands.ANYBODY
        )
