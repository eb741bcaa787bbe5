"""Staff accounts and the roles of a fleet: a kiosk lets staff in, the office alone says who they are."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from kiosk.keys import create_private
from kiosk.office import signing, staffing
from kiosk.settings import Settings
from kiosk.staff.account import Account, Role
from kiosk.staff.accounts import Accounts
from kiosk.staff.entry import Refused, Why
from kiosk.storage.database import NotAllowed
from kiosk.storage.staff import StaffRow
from tests import postgres
from tests.kiosk.staff.conftest import PASSCODE, PASSWORD, Staffed, by_card, staffed
from tests.kiosk.test_fleet_roles import DENIED, Thief
from tests.stories.world import PEPPER, VAULT_KEY

__all__ = ["staffed"]

NEW = SecretStr("copper lantern meadow")


@pytest.fixture
def database() -> Any:
    """A server alone."""
    url = postgres.server().fresh()
    yield {"url": url}
    postgres.server().drop(url)


@pytest.fixture
async def thief(staffed: Staffed) -> AsyncIterator[Thief]:
    """A kiosk's role in other hands."""
    made = Thief(staffed.world)
    yield made
    made.connection.close()


async def test_a_kiosk_lets_staff_in_and_slows_others_down(staffed: Staffed) -> None:
    world = staffed.world
    assert world.parts.accounts is not world.office.accounts, "by the kiosk's own role"
    assert isinstance(await staffed.door.by_password(Role.TECHNICIAN.value, PASSWORD), Account)
    world.reader.insert(staffed.cards[Role.OFFICER])
    assert isinstance(await by_card(staffed, PASSCODE), Account)
    assert await staffed.door.by_password("nobody", PASSWORD) == Refused(Why.WRONG)
    again = await staffed.door.by_password("nobody", PASSWORD)
    assert isinstance(again, Refused)
    assert again.why is Why.WAIT
    assert len(await world.events("staff.signed-in")) == 2
    assert len(await world.events("staff.refused")) == 1


CHANGES: dict[str, Callable[[Accounts], Awaitable[None]]] = {
    "add": lambda them: them.add("eve", Role.OFFICER, NEW, None, by="eve"),
    "first": lambda them: them.add_first("eve", NEW, by="eve"),
    "reset": lambda them: them.reset(Role.OFFICER.value, NEW, None, by="eve"),
    "disable": lambda them: them.disable(Role.OFFICER.value, "x", by="eve"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_a_kiosk_makes_and_changes_no_account(
    staffed: Staffed, change: Callable[[Accounts], Awaitable[None]]
) -> None:
    before = [row.model_dump() for row in await staffed.world.rows(StaffRow)]
    with pytest.raises(NotAllowed):
        await change(staffed.world.parts.accounts)
    assert [row.model_dump() for row in await staffed.world.rows(StaffRow)] == before


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO staff (name, role, password_hash, disabled, created_at)"
        " VALUES ('eve', 'administrator', '', false, now())",
        "UPDATE staff SET role = 'administrator'",
        "UPDATE staff SET password_hash = ''",
        "UPDATE staff SET disabled = false",
        "DELETE FROM staff",
        "TRUNCATE staff",
        "DO $$ BEGIN LOCK TABLE staff IN EXCLUSIVE MODE; END $$",
        "SELECT setval('staff_id_seq', 1)",
    ],
)
async def test_nor_does_its_role(thief: Thief, statement: str) -> None:
    assert thief.tries(statement) == DENIED


@pytest.mark.parametrize(
    "event",
    [
        *("staff.added", "staff.reset", "holder.email-set", "holder.block-cleared", "assistance.issued"),
        "registration.withdrawn",
    ],
)
async def test_nor_says_it_that_somebody_did(thief: Thief, event: str) -> None:
    (last,) = thief.asks("SELECT seq, mac FROM audit_event ORDER BY seq DESC LIMIT 1")
    told = thief.tries(
        "INSERT INTO audit_event (seq, at, kiosk, visit, event, outcome, reason, holder_key, card_key, actor,"
        " detail, selftest, previous, mac) VALUES (%s, now(), 'Kiosk 1', '', %s, 'ok', '', '', '', 'smith',"
        " '', false, %s, 'x')",
        last[0] + 1, event, last[1],
    )  # fmt: skip
    assert told == "UK005"


async def test_what_another_kiosk_was_told_stays(staffed: Staffed, thief: Thief) -> None:
    world = staffed.world
    world.change("INSERT INTO service_stop (kiosk, reason, by, at) VALUES ('Library', 'x', 'tess', now())")
    world.change("INSERT INTO staff_delay (name, kiosk, failures, until) VALUES ('x', 'Library', 1, now())")
    for table in ("service_stop", "staff_delay"):
        assert thief.tries(f"DELETE FROM {table}") == "UK005"  # noqa: S608 - from above


# -- the office ------------------------------------------------------------------------------------


@pytest.fixture
async def officers(staffed: Staffed, tmp_path: Path) -> AsyncIterator[Settings]:
    """The RA's machine: the keys, and a role of the office."""
    for name, key in (("vault.key", VAULT_KEY), ("pepper.key", PEPPER)):
        create_private(tmp_path / name, base64.b64encode(key.get_secret_value()))
    url = staffed.world.settings.database.url
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("CREATE ROLE jones LOGIN IN ROLE unlock_office")
    mine = url.replace(f"//{postgres.ACCOUNT}@", "//jones@")
    yield staffed.world.settings.changed(database={"url": mine}, hashing={"cost": 10})
    with psycopg.connect(url, autocommit=True) as admin:  # roles are of the whole server
        admin.execute("DROP ROLE jones")


async def test_the_office_makes_and_changes_accounts(staffed: Staffed, officers: Settings) -> None:
    by = await signing.sign_in(officers, Role.ADMINISTRATOR.value, PASSWORD, Role.ADMINISTRATOR)
    assert by.actor.startswith("administrator (")
    await staffing.add(officers, "brown", Role.OFFICER, NEW, None, by=by)
    assert (await signing.sign_in(officers, "brown", NEW, Role.OFFICER)).actor.startswith("brown (")
    await staffing.reset(officers, "brown", PASSWORD, None, by=by)
    await staffing.disable(officers, "brown", "has left", by=by)
    assert [one.name for one in await staffing.everybody(officers) if one.disabled] == ["brown"]
    (disabled,) = await staffed.world.events("staff.disabled")
    assert (disabled.actor, disabled.reason) == (by.actor, "has left")
    assert await staffed.door.by_password("brown", PASSWORD) == Refused(Why.WRONG), "at every kiosk"
