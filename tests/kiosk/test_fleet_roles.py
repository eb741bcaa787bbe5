"""A kiosk's role in the hands of whoever took the kiosk: one secret at a time, on record, or none."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr
from sqlmodel import select

from kiosk.enrolment import EnrolmentError
from kiosk.keyring import ring_in_memory
from kiosk.keys import create_private
from kiosk.office import fleets
from kiosk.office.doctor import fleet
from kiosk.office.doctor.finding import Level
from kiosk.refusals import OutOfService, Why
from kiosk.selftest.run import Selftest
from kiosk.settings import Settings
from kiosk.steps import Ending, Finished, NewPasscode, SeeRA
from kiosk.storage import roles
from kiosk.storage.database import StoreUnavailable
from kiosk.storage.models import UnblockSecretRow
from kiosk.storage.postgres import Postgres
from kiosk.wiring import selftest_parts
from tests import postgres
from tests.stories.conftest import with_ann
from tests.stories.plots import unlocking
from tests.stories.script import see
from tests.stories.world import PEPPER, VAULT_KEY, Post, World, new_world, twice


@pytest.fixture
def database() -> Any:
    """A server alone."""
    url = postgres.server().fresh()
    yield {"url": url}
    postgres.server().drop(url)


@pytest.fixture
async def ann(tmp_path: Path, database: dict[str, str]) -> AsyncIterator[World]:
    """A kiosk of a fleet, where Ann is registered and has locked her card."""
    async with new_world(tmp_path, Settings().changed(database=database)) as world:
        await with_ann(world)
        world.ann.lock()
        world.hands.forward(hours=2)
        yield world


class Thief:
    """Whoever has a kiosk's role, and a shell."""

    def __init__(self, world: World) -> None:
        url = postgres.as_kiosk(world.settings.database.url, world.settings)
        self.connection = psycopg.connect(url, autocommit=True)

    def tries(self, statement: str, *values: object) -> str:
        """The SQLSTATE of what came of it; empty where it worked."""
        try:
            self.connection.execute(statement.encode(), values)
        except psycopg.Error as error:
            return error.sqlstate or "?"
        return ""

    def asks(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows, of what works."""
        return self.connection.execute(statement.encode(), values).fetchall()


@pytest.fixture
def thief(ann: World) -> Any:
    """The kiosk is in other hands."""
    made = Thief(ann)
    yield made
    made.connection.close()


DENIED = "42501"


MAY_NOT = [
    "SELECT * FROM unblock_secret",
    "SELECT ciphertext FROM unblock_secret",
    "SELECT wrapped_key FROM next_unblock_secret",
    "COPY unblock_secret TO STDOUT",
    "SELECT * FROM secret_release",
    "INSERT INTO secret_release (card, role, kiosk, visit, at, xact) VALUES (1, '', '', '', now(), '')",
    "UPDATE fleet_rule SET secrets_per_hour = 100000",
    "UPDATE fleet_member SET kiosk = 'x'",
    "INSERT INTO assistance (holder) VALUES (1)",
    "UPDATE holder SET ra_email = ''",
    "UPDATE card SET holder = 2",
    "UPDATE card SET state = 'active'",
    "UPDATE audit_event SET reason = ''",
    "DELETE FROM audit_event",
    "TRUNCATE audit_event",
    "DELETE FROM audit_checkpoint",
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "DROP FUNCTION unlock_take(integer)",
    "CREATE OR REPLACE FUNCTION unlock_now() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
    "CREATE TABLE mine (x integer)",
    "CREATE TEMP VIEW v AS SELECT ciphertext FROM unblock_secret; SELECT * FROM v",
    "SET ROLE unlock_office",
    "CREATE ROLE other LOGIN",
]


async def test_what_the_role_may_not(thief: Thief) -> None:
    assert {statement: thief.tries(statement) for statement in MAY_NOT} == dict.fromkeys(MAY_NOT, DENIED)


async def test_the_tables_privilege_is_not_there_at_all(thief: Thief) -> None:
    for table in ("unblock_secret", "next_unblock_secret"):
        assert thief.asks("SELECT has_table_privilege(current_user, %s, 'SELECT')", table) == [(False,)]


async def test_the_leaflet(ann: World) -> None:
    await ann.visit(ann.ann, unlocking(ann))
    (event,) = await ann.events("unblock-secret.released")
    assert '"release": ' in event.detail
    assert await ann.events("card.unlocked")


async def test_without_proofs_no_secret(ann: World, thief: Thief) -> None:
    card = (await ann.known(ann.ann)).card
    assert thief.tries("SELECT unlock_request(%s, 'X')", card) == "UK003"
    assert thief.tries("SELECT * FROM unlock_take(1)") == "UK003"


async def forged(world: World, thief: Thief, kiosk: str = "Kiosk 1") -> tuple[int, str]:
    """Proofs that a subverted kiosk has written down itself."""
    card = (await world.known(world.ann)).card
    now = world.hands.wall
    assert not thief.tries(
        "INSERT INTO pending (card, purpose, visit, kiosk, created_at, email, draft, code_hash, code_state,"
        " code_wrong, questions_at, email_at, assisted) VALUES (%s, 'unlock', 'V', %s, %s, NULL, NULL,"
        " '', 'used', 0, %s, %s, false)",
        card, kiosk, now, now, now,
    )  # fmt: skip
    return card, "V"


async def test_even_with_forged_proofs_nothing_comes_without_a_trace(ann: World, thief: Thief) -> None:
    card, visit = await forged(ann, thief)
    ((number,),) = thief.asks("SELECT unlock_request(%s, %s)", card, visit)
    assert thief.tries("SELECT * FROM unlock_take(%s)", number) == "UK004", "it is not in the audit trail"
    with thief.connection.transaction(force_rollback=True):
        ((other,),) = thief.asks("SELECT unlock_request(%s, %s)", card, visit)
        assert thief.tries("SELECT * FROM unlock_take(%s)", other) == "UK004", "not before it is committed"


async def test_nobody_speaks_for_another_kiosk(ann: World, thief: Thief) -> None:
    (last,) = thief.asks("SELECT seq, mac FROM audit_event ORDER BY seq DESC LIMIT 1")
    told = thief.tries(
        "INSERT INTO audit_event (seq, at, kiosk, visit, event, outcome, reason, holder_key, card_key, actor,"
        " detail, selftest, previous, mac) VALUES (%s, now(), 'Library', '', 'kiosk.started', 'ok', '', '',"
        " '', '', '', false, %s, 'x')",
        last[0] + 1, last[1],
    )  # fmt: skip
    assert told == "UK005"


async def test_a_secret_is_replaced_only_by_whoever_was_given_it(ann: World, thief: Thief) -> None:
    card = (await ann.known(ann.ann)).card
    for statement in (
        "UPDATE unblock_secret SET key_id = 'x' WHERE card = %s",
        "INSERT INTO next_unblock_secret (card, key_id, wrapped_key, nonce, ciphertext, fingerprint, kiosk,"
        " at) VALUES (%s, 'x', '', '', '', '', 'Kiosk 1', now())",
    ):
        assert thief.tries(statement, card) == "UK003"


async def test_the_hour_has_its_limit(ann: World, thief: Thief) -> None:
    ann.change("UPDATE fleet_rule SET secrets_per_hour = 2")
    card, visit = await forged(ann, thief)
    told = [thief.tries("SELECT unlock_request(%s, %s)", card, visit) for _ in range(3)]
    assert told == ["", "", "UK002"]
    thief.tries("DELETE FROM pending")
    lines = [*unlocking(ann)[:-1], see(SeeRA, why=Why.NO_UNBLOCK)]
    await ann.visit(ann.ann, lines)
    (alarm,) = await ann.events("unblock-secret.released")
    assert (alarm.outcome, alarm.reason) == ("alarm", "too many")
    assert ann.ann.state().puk_tries_left == 3


@pytest.fixture
async def lost(tmp_path: Path, ann: World) -> AsyncIterator[World]:
    """Another kiosk, which is going to be stolen: its role is one of the whole server."""
    for name, key in (("vault.key", VAULT_KEY), ("pepper.key", PEPPER)):
        create_private(tmp_path / name, base64.b64encode(key.get_secret_value()))
    async with new_world(tmp_path, Settings().changed(site={"kiosk_name": "Lost"}), beside=ann) as world:
        yield world


async def test_a_kiosk_that_is_revoked_is_shut_out_at_once(ann: World, lost: World) -> None:
    thief = Thief(lost)
    assert await lost.parts.watch.look("waiting") is None
    await fleets.revoke(lost.settings, "Lost", "stolen", by="owner")
    with pytest.raises(psycopg.OperationalError):
        thief.asks("SELECT 1")
    assert await lost.parts.watch.look("waiting") is OutOfService.STORE
    with pytest.raises(StoreUnavailable):
        await lost.known(ann.ann)
    assert await ann.parts.watch.look("waiting") is None, "nobody else is"
    (event,) = await ann.events("fleet.kiosk-revoked")
    assert (event.actor, event.reason) == ("owner", "stolen")
    password = lost.settings.state_directory / "password"
    await fleets.add(lost.settings, "Lost", password, by="owner")
    assert password.stat().st_mode & 0o077 == 0
    assert len(password.read_text().strip()) > 40
    assert await lost.parts.watch.look("waiting") is None, "and let in again"


async def test_a_password_goes_into_the_file_that_was_made_for_it(
    lost: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may write in that folder cannot lead it elsewhere meanwhile."""
    password = lost.settings.state_directory / "password"
    elsewhere, honest = password.with_name("elsewhere"), roles.add
    elsewhere.touch()

    def slow(store: Postgres, kiosk: str, *, new_password: bool) -> SecretStr:
        password.rename(password.with_name("made"))
        password.symlink_to(elsewhere)
        return honest(store, kiosk, new_password=new_password)

    monkeypatch.setattr(roles, "add", slow)
    await fleets.add(lost.settings, "Lost", password, by="owner", new_password=True)
    assert elsewhere.read_text() == ""
    made = password.with_name("made")
    assert len(made.read_text().strip()) > 40
    assert made.stat().st_mode & 0o077 == 0
    with pytest.raises(EnrolmentError, match="exists already"):
        await fleets.add(lost.settings, "Lost", made, by="owner")
    monkeypatch.undo()
    with pytest.raises(EnrolmentError, match="a letter or digit"):
        await fleets.add(lost.settings, "!", password.with_name("new"), by="owner")
    assert not password.with_name("new").exists()


async def test_a_revoked_role_is_given_nothing_even_if_its_session_lives(ann: World, lost: World) -> None:
    thief = Thief(lost)
    card, visit = await forged(ann, thief, "Lost")
    ann.change("UPDATE fleet_member SET revoked_at = now() WHERE kiosk = 'Lost'")
    assert thief.tries("SELECT unlock_request(%s, %s)", card, visit) == "UK001"
    assert await lost.parts.watch.look("waiting") is OutOfService.STORE
    thief.connection.close()


async def test_the_self_test_goes_through_as_a_kiosk(ann: World) -> None:
    now = "CREATE OR REPLACE FUNCTION unlock_now() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'"
    ann.change(now)  # it has no hands that move its clock
    url = postgres.as_kiosk(ann.settings.database.url, ann.settings)
    settings = ann.settings.changed(database={"url": url}, hashing={"cost": 10}, mail={"sender": "k@nhs.net"})
    parts = selftest_parts(settings, ring_in_memory(VAULT_KEY, PEPPER), Post())
    report = await Selftest(parts, lambda _: None).run()
    await parts.parts.close()
    assert report.ok, [step for step in report.steps if not step.ok]


async def test_a_kiosk_adds_nobody_but_its_self_test(thief: Thief) -> None:
    told = thief.tries(
        "INSERT INTO holder (holder_id, audit_key, name, attempts, created_at, selftest)"
        " VALUES ('E', 'e', '', 0, now(), false)"
    )
    assert told in ("UK005", "23502", "23514")
    assert thief.tries("DELETE FROM card") == "UK005"
    assert thief.tries("DELETE FROM holder") in ("UK005", "23503")


async def test_setting_up_again_changes_nothing(ann: World) -> None:
    roles.set_up(Postgres(ann.settings.database.url), ("questions", "email-code"), 30, 60)
    await ann.visit(ann.ann, unlocking(ann))
    async with ann.office.service.store.work() as session:
        assert (await session.exec(select(UnblockSecretRow.card))).all()


async def test_the_new_passcode_is_really_on_the_card(ann: World) -> None:
    lines = [*unlocking(ann)[:-2], see(NewPasscode, twice("739164")), see(Finished, ending=Ending.UNLOCKED)]
    await ann.visit(ann.ann, lines)
    assert ann.ann.state().pin == "739164"


async def test_doctor_tells_whose_the_role_is(ann: World) -> None:
    mine = postgres.as_kiosk(ann.settings.database.url, ann.settings)
    found = {
        url: await fleet.role(ann.settings.changed(database={"url": url}, site={"kiosk_name": name}))
        for url, name in ((mine, "Kiosk 1"), (ann.settings.database.url, "Kiosk 1"))
    }
    assert [one and one.level for one in found.values()] == [Level.OK, Level.RISK]
    other = await fleet.role(ann.settings.changed(database={"url": mine}, site={"kiosk_name": "Corridor"}))
    assert other is not None
    assert (other.level, "'Corridor'" in other.detail) == (Level.FAIL, True)
    assert await fleet.role(Settings()) is None


LENT = {
    "a column": "GRANT SELECT (ciphertext) ON unblock_secret TO lent",
    "the next ones": "GRANT SELECT (ciphertext) ON next_unblock_secret TO PUBLIC",
    "another role": "GRANT unlock_office TO lent",
    "the table": "ALTER TABLE next_unblock_secret OWNER TO lent; REVOKE ALL ON next_unblock_secret FROM lent",
    "everything": "ALTER ROLE lent SUPERUSER",
}


@pytest.mark.parametrize("given", LENT.values(), ids=LENT)
async def test_doctor_tells_what_a_role_can_do_beside_its_own(ann: World, given: str) -> None:
    """Also where it has to become another role first."""
    mine = ann.settings.changed(database={"url": postgres.as_kiosk(ann.settings.database.url, ann.settings)})
    ann.change(f"CREATE ROLE lent NOINHERIT; GRANT lent TO {roles.role_of(mine.site.kiosk_name)}")
    try:
        ann.change(given)
        found = await fleet.role(mine)
    finally:  # roles are of the whole server
        ann.change("REASSIGN OWNED BY lent TO CURRENT_USER; DROP OWNED BY lent; DROP ROLE lent")
    assert found is not None
    assert (found.level, "every unblock secret" in found.detail) == (Level.RISK, True), found
