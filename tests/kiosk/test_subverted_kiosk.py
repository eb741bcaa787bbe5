"""What a security review did with a kiosk's role, and what comes of it now."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from kiosk.enrolment import EnrolmentError
from kiosk.office import fleets
from kiosk.storage import roles
from kiosk.storage.postgres import Postgres
from tests import postgres
from tests.kiosk.test_fleet_roles import DENIED, Thief, ann, database, forged, lost, thief
from tests.stories.plots import unlocking
from tests.stories.world import World

__all__ = ["ann", "database", "lost", "thief"]

EVENT = (
    "INSERT INTO audit_event (seq, at, kiosk, visit, event, outcome, reason, holder_key, card_key, actor,"
    " detail, selftest, previous, mac) SELECT e.seq + 1, %s, 'Kiosk 1', %s, %s, 'ok', '', '',"
    " (SELECT audit_key FROM card WHERE id = %s), '', %s, %s, e.mac, 'mac of ' || (e.seq + 1)"
    " FROM audit_event e ORDER BY e.seq DESC LIMIT 1"
)
RELEASED, NOW = "unblock-secret.released", "2026-12-24T02:00:00Z"


def claims(thief: Thief, card: int, number: int, *, selftest: bool = False) -> None:
    """Write the event of a request, with a MAC that only the pepper could tell from a right one."""
    detail = f'{{"release": {number}}}'
    thief.connection.execute(EVENT.encode(), [NOW, "V", RELEASED, card, detail, selftest])


def requested(thief: Thief, card: int) -> int:
    ((number,),) = thief.asks("SELECT unlock_request(%s, 'V')", card)
    assert isinstance(number, int)
    return number


@pytest.mark.parametrize(
    "function", ["unlock_guard_name", "unlock_guard_secrets", "unlock_guard_selftest", "audit_event_guard"]
)
async def test_no_function_of_the_owners_hangs_on_a_table_of_ones_own(
    ann: World, thief: Thief, function: str
) -> None:
    roles.set_up(Postgres(ann.settings.database.url), ("questions", "email-code"), 30, 60)  # not in a copy
    assert thief.tries("CREATE TEMP TABLE kiosk (name text)") == DENIED
    assert thief.tries("CREATE TYPE pg_temp.mine AS ENUM ('a')") == DENIED
    asked = "SELECT has_function_privilege(%s::regproc, 'EXECUTE')"
    assert thief.asks(asked, function) == [(False,)]


async def test_every_function_of_the_owners_has_a_path_of_its_own(thief: Thief) -> None:
    """A table of another schema takes no other's place in it."""
    loose = thief.asks(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prolang ="
        " (SELECT oid FROM pg_language WHERE lanname = 'plpgsql') AND proconfig IS NULL"
    )
    assert loose == []


async def test_a_secret_never_moves_to_another_card(ann: World, thief: Thief) -> None:
    assert thief.tries("UPDATE unblock_secret SET card = 2 WHERE card = 1") == DENIED
    assert thief.tries("UPDATE next_unblock_secret SET card = 2 WHERE card = 1") == DENIED
    with pytest.raises(DBAPIError, match="belongs to one card"):
        ann.change("UPDATE unblock_secret SET card = 1000")


async def test_no_fingerprint_can_be_seen_or_guessed_at(ann: World, thief: Thief) -> None:
    for statement in (
        "SELECT fingerprint FROM unblock_secret",
        "SELECT fingerprint FROM next_unblock_secret",
        "SELECT fingerprint FROM refused_secret",
        "SELECT 1 FROM unblock_secret WHERE fingerprint = ''",
        "UPDATE unblock_secret SET key_id = 'x' WHERE fingerprint = ''",
        "DELETE FROM refused_secret WHERE fingerprint = ''",
    ):
        assert thief.tries(statement) == DENIED
    guess = "INSERT INTO refused_secret (card, fingerprint, refused, sends) VALUES ('c', '', true, 0)"
    assert thief.tries(guess) == DENIED


async def test_what_a_kiosk_writes_is_compared_with_nothing(ann: World, thief: Thief) -> None:
    other = await ann.card("H1", secret="48215077")
    first, second = (await ann.known(ann.ann)).card, (await ann.known(other)).card
    shared = "SELECT unlock_is_shared(%s)"
    alike = thief.asks(shared, first) == [(True,)]
    card, _ = await forged(ann, thief)
    claims(thief, card, requested(thief, card))
    assert not thief.tries("UPDATE unblock_secret SET key_id = key_id WHERE card = %s", card)
    assert alike
    assert [thief.asks(shared, one) for one in (first, second)] == [[(False,)]] * 2
    assert thief.asks("SELECT unlock_shared_cards()") == []


async def test_nothing_comes_in_a_transaction_that_can_be_taken_back(ann: World, thief: Thief) -> None:
    card, _ = await forged(ann, thief)
    number = requested(thief, card)
    with thief.connection.transaction(force_rollback=True):
        claims(thief, card, number)
        assert thief.tries("SELECT * FROM unlock_take(%s)", number) == "UK004"
    with thief.connection.transaction(force_rollback=True):
        with thief.connection.transaction(force_rollback=True):
            claims(thief, card, number)
        assert thief.tries("SELECT * FROM unlock_take(%s)", number) == "UK004"
    claims(thief, card, number, selftest=True)
    assert thief.tries("SELECT * FROM unlock_take(%s)", number) == "UK004", "reports leave it out"
    claims(thief, card, number)
    assert not thief.tries("SELECT * FROM unlock_take(%s)", number)


async def test_an_old_snapshot_counts_nothing(ann: World, thief: Thief) -> None:
    await forged(ann, thief)
    for level in ("REPEATABLE READ", "SERIALIZABLE"):
        thief.connection.execute(f"BEGIN ISOLATION LEVEL {level}".encode())
        assert thief.tries("SELECT unlock_request(1, 'V')") == "UK004"
        thief.connection.execute("ROLLBACK")


async def test_a_request_alone_lets_nobody_replace_a_secret(ann: World, thief: Thief) -> None:
    card, _ = await forged(ann, thief)
    number = requested(thief, card)
    replaced = "UPDATE unblock_secret SET key_id = 'x' WHERE card = %s"
    assert thief.tries(replaced, card) == "UK003"
    claims(thief, card, number)
    assert not thief.tries(replaced, card)


async def test_a_revoked_kiosk_cannot_hold_on(ann: World, lost: World) -> None:
    """It holds a lock on its own role, and on tables."""
    thief = Thief(lost)
    thief.connection.execute("BEGIN")
    thief.connection.execute("ALTER ROLE kiosk_lost PASSWORD 'mine'")
    thief.connection.execute("LOCK TABLE pending, card_write")
    await fleets.revoke(lost.settings, "Lost", "stolen", by="owner")
    assert thief.tries("SELECT 1") != ""
    url = lost.parts.service.settings.database.url
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(url)
    await ann.visit(ann.ann, unlocking(ann))


async def test_a_session_that_outlives_the_revoking_has_no_rights(ann: World, lost: World) -> None:
    thief = Thief(lost)
    ann.change(f"REVOKE {roles.KIOSKS} FROM kiosk_lost")
    for statement in (
        "SELECT name FROM holder",
        "DELETE FROM registration",
        "UPDATE holder SET attempts = 3",
    ):
        assert thief.tries(statement) == DENIED
    thief.connection.close()


async def test_one_kiosk_does_not_take_every_connection(ann: World, lost: World) -> None:
    file = lost.settings.state_directory / "password"
    await fleets.add(lost.settings, "Lost", file, by="owner", new_password=True)
    thief = Thief(lost)
    (limit,) = thief.asks("SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user")
    assert limit == (roles.CONNECTIONS,)
    thief.connection.close()


async def test_no_time_is_infinite(ann: World, thief: Thief) -> None:
    for statement in (
        "UPDATE holder SET blocked_at = 'infinity'",
        "UPDATE kiosk SET seen_at = 'infinity' WHERE name = 'Kiosk 1'",
        "UPDATE registration SET usable_from = '-infinity'",
    ):
        assert await ann.parts.watch.look("waiting") is None
        assert thief.tries(statement) == "23514"
    assert thief.tries(EVENT, "infinity", "V", "kiosk.started", 1, "", False) == "23514"


async def test_an_event_is_short_and_of_what_a_kiosk_does(ann: World, thief: Thief) -> None:
    assert thief.tries(EVENT, NOW, "V", "kiosk.started", 1, "x" * 30_000, False) == "UK005"
    for event in ("holder.forgotten", "fleet.kiosk-revoked", "audit.closed", "assistance.issued"):
        assert thief.tries(EVENT, NOW, "V", event, 1, "", False) == "UK005"


async def test_nobody_takes_the_place_of_another_kiosk(ann: World, lost: World, thief: Thief) -> None:
    assert await lost.parts.watch.look("waiting") is None
    for statement in (
        "UPDATE kiosk SET name = 'Kiosk 1' WHERE name = 'Lost'",
        "UPDATE kiosk SET state = 'stopped' WHERE name = 'Lost'",
        "DELETE FROM kiosk WHERE name = 'Lost'",
        "INSERT INTO notice (kind, language, kiosk, state, tries, next_at, created_at, selftest)"
        " VALUES ('unlocked', 'en', 'Lost', 'queued', 0, now(), now(), false)",
        "INSERT INTO card_write (card, visit, kiosk, purpose, was_locked, state, at, language)"
        " VALUES (1, 'V', 'Lost', 'unlock', true, 'intent', now(), 'en')",
    ):
        assert thief.tries(statement) == "UK005"


async def test_an_assistance_code_is_only_ever_used_up(ann: World, thief: Thief) -> None:
    await ann.office.service.assistance.issue(await ann.known(ann.ann), by="jones", reason="seen")
    for statement in (
        "UPDATE assistance SET holder = 7",
        "UPDATE assistance SET expires_at = now() + interval '10 years'",
        "UPDATE assistance SET issued_by = 'smith'",
    ):
        assert thief.tries(statement) == DENIED
    for statement in (
        "UPDATE assistance SET code_hash = 'mine'",
        "UPDATE assistance SET wrong = -1 + wrong",
    ):
        assert thief.tries(statement) in ("UK005", "23514")
    assert not thief.tries("UPDATE assistance SET state = 'void', code_hash = ''")
    assert thief.tries("UPDATE assistance SET state = 'usable'") == "UK005"


@pytest.fixture
async def archive() -> AsyncIterator[str]:
    """A role of another purpose, whose name a kiosk's would be like."""
    with psycopg.connect(postgres.server().url("postgres"), autocommit=True) as owner:
        owner.execute("DROP ROLE IF EXISTS kiosk_archive")
        owner.execute("CREATE ROLE kiosk_archive")
        yield "Archive"
        owner.execute("DROP ROLE kiosk_archive")


async def test_a_role_that_is_there_is_not_made_a_kiosks(ann: World, archive: str) -> None:
    with pytest.raises(ValueError, match="kiosk_archive"):
        roles.add(Postgres(ann.settings.database.url), archive)
    with pytest.raises((EnrolmentError, ValueError)):
        await fleets.add(ann.settings, archive, ann.settings.state_directory / "p", by="owner")
