"""The database: its pragmas, its constraints, and a schema that is the migrations' own."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, delete, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, select

from kiosk.clock import Clock
from kiosk.storage import models, sqlite
from kiosk.storage.database import Database, StoreUnavailable
from kiosk.storage.schema import MIGRATIONS, SCHEMA, upgrade
from kiosk.storage.sqlite import Sqlite
from kiosk.storage.staff import StaffDelayRow, StaffRow
from tests.stories.world import empty_database

NOW = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database."""
    (tmp_path / "kiosk.db").write_bytes(empty_database())
    made = Database(Sqlite(tmp_path / "kiosk.db"), Clock())
    yield made
    await made.close()


async def keep(database: Database, *rows: SQLModel) -> None:
    """Write rows in one unit of work."""
    async with database.transaction() as session:
        session.add_all(rows)


def holder(**fields: Any) -> models.HolderRow:
    """A holder that may be kept, but for these fields."""
    good = {"holder_id": "H1", "audit_key": "h", "name": b"Ann Jones", "ra_email": b"", "created_at": NOW}
    return models.HolderRow(**{**good, **fields})


def card(**fields: Any) -> models.CardRow:
    """A card of the first holder."""
    good = {"holder": 1, "audit_key": "c", "family": "piv", "kind": "guid", "serial": "00", "created_at": NOW}
    return models.CardRow(**{**good, **fields})


def registration(email: bytes) -> models.RegistrationRow:
    """The first holder's registration."""
    return models.RegistrationRow(
        holder=1, email=email, own_email=False, privacy_version="1", registered_at=NOW, usable_from=NOW
    )


PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "secure_delete": 1,
    "trusted_schema": 0,
}


@pytest.mark.parametrize(("pragma", "value"), PRAGMAS.items())
async def test_every_connection_has_its_pragmas(database: Database, pragma: str, value: object) -> None:
    for _ in range(2):
        async with database.transaction() as session:
            connection = await session.connection()
            assert (await connection.execute(text(f"PRAGMA {pragma}"))).scalar_one() == value


def test_the_schema_is_alembics_head() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [SCHEMA]


def test_the_migrations_make_what_the_models_say(tmp_path: Path) -> None:
    upgrade(Sqlite(tmp_path / "kiosk.db"))
    engine = create_engine(f"sqlite:///{tmp_path / 'kiosk.db'}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def test_the_migrations_make_the_models_constraints(tmp_path: Path) -> None:
    """Alembic does not compare CHECKs."""
    upgrade(Sqlite(tmp_path / "kiosk.db"))
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine)
    with engine.connect() as connection:
        wanted = {str(row.name): str(row.sql) for row in connection.execute(text(TABLES))}
    engine.dispose()
    with closing(sqlite3.connect(tmp_path / "kiosk.db")) as made:
        found = dict(made.execute(TABLES).fetchall())
    for name, sql in wanted.items():
        assert checks(found[name]) == checks(sql), name


TABLES = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT IN ('alembic_version')"


def checks(sql: str) -> set[str]:
    """The CHECK constraints in a CREATE TABLE, whatever the layout."""
    lines = (" ".join(line.split()).rstrip(",") for line in sql.splitlines())
    return {line for line in lines if "CHECK" in line}


def test_upgrading_is_done_once_and_the_file_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "state" / "kiosk.db"
    assert Sqlite(path).revision() is None
    upgrade(Sqlite(path))
    assert path.stat().st_mode & 0o077 == 0
    before = path.read_bytes()
    upgrade(Sqlite(path))
    assert (path.read_bytes(), Sqlite(path).revision()) == (before, SCHEMA)


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "kiosk.db").write_bytes(b"not a database at all" * 100)
    assert Sqlite(tmp_path / "kiosk.db").revision() is None
    database = Database(Sqlite(tmp_path / "kiosk.db"), Clock())
    with pytest.raises(StoreUnavailable):
        await database.ping()
    await database.close()


REFUSED = {
    "attempts": (holder(attempts=-1),),
    "no-id": (holder(holder_id=""),),
    "same-id": (holder(), holder(audit_key="i")),
    "card-state": (holder(), card(state="lost")),
    "unblock-state": (holder(), card(unblock_state="maybe")),
    "same-card": (holder(), card(), card(audit_key="d")),
    "no-such-holder": (card(holder=7),),
    "code-state": (
        holder(),
        card(),
        models.PendingRow(card=1, purpose="unlock", visit="", kiosk="", created_at=NOW, code_state="new"),
    ),
    "code-wrong": (
        holder(),
        card(),
        models.PendingRow(card=1, purpose="unlock", visit="", kiosk="", created_at=NOW, code_wrong=-1),
    ),
    "write-state": (
        holder(),
        card(),
        models.CardWriteRow(
            card=1, visit="", kiosk="", purpose="unlock", was_locked=True, at=NOW, state="perhaps"
        ),
    ),
    "notice-state": (
        models.NoticeRow(
            kind="",
            recipient=None,
            name=None,
            language="en",
            kiosk="",
            next_at=NOW,
            created_at=NOW,
            state="sent",
        ),
    ),
    "assistance": (
        holder(),
        models.AssistanceRow(holder=1, code_hash="", issued_by="", issued_at=NOW, expires_at=NOW, wrong=-1),
    ),
    "answer-position": (
        holder(),
        registration(b""),
        models.SecurityAnswerRow(holder=1, position=4, question="", normaliser=1, hash=""),
    ),
    "answers-of-nobody": (
        models.SecurityAnswerRow(holder=1, position=0, question="", normaliser=1, hash=""),
    ),
}


@pytest.mark.parametrize("rows", REFUSED.values(), ids=REFUSED)
async def test_what_must_not_be_kept_is_refused(database: Database, rows: tuple[SQLModel, ...]) -> None:
    copies = [type(row)(**row.model_dump()) for row in rows]
    for row in copies[:-1]:
        await keep(database, row)
    with pytest.raises(StoreUnavailable, match="IntegrityError"):
        await keep(database, copies[-1])


async def test_a_unit_of_work_is_kept_whole_or_not_at_all(database: Database) -> None:
    async def fails() -> None:
        async with database.transaction() as session:
            session.add(holder())
            await session.flush()
            raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        await fails()
    async with database.transaction() as session:
        assert (await session.exec(select(models.HolderRow))).all() == []


@pytest.fixture
async def reader(database: Database) -> AsyncIterator[sqlite3.Connection]:
    """Somebody who reads the store as it was with a name in it, which is erased meanwhile."""
    await keep(database, holder(name=b"Zebediah Quillfeather"))
    assert isinstance(database.backend, Sqlite)
    with closing(sqlite3.connect(database.backend.path, check_same_thread=False)) as made:
        made.execute("BEGIN")
        made.execute("SELECT * FROM holder").fetchall()
        async with database.transaction() as session:
            await session.exec(delete(models.HolderRow))
        yield made


def in_the_files(database: Database) -> bool:
    """Whether the name can be found by whoever takes the disk."""
    assert isinstance(database.backend, Sqlite)
    path = database.backend.path
    return any(b"Quillfeather" in file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


async def test_what_is_erased_is_gone_once_nobody_reads_it_any_more(
    database: Database, reader: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await database.forget()
    assert in_the_files(database)
    assert "'kiosk retention'" in caplog.text
    reader.close()
    await database.forget_the_rest()
    assert not in_the_files(database)
    caplog.clear()
    await database.forget_the_rest()
    assert caplog.text == ""


async def test_a_reader_is_waited_for_a_little(
    database: Database, reader: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "sleep", lambda _: reader.close())
    await database.forget()
    assert not in_the_files(database)


async def test_errors_of_the_database_print_no_parameters(database: Database) -> None:
    said = []

    async def fails() -> None:
        async with database.transaction() as session:
            session.add(card(holder=7, serial="58201947"))
            try:
                await session.flush()
            except IntegrityError as error:
                said.append(str(error))
                raise

    with pytest.raises(StoreUnavailable) as refused:
        await fails()
    assert "FOREIGN KEY" in said[0]
    assert "58201947" not in said[0] + str(refused.value)


async def test_times_come_back_as_they_went_in(database: Database) -> None:
    await keep(database, holder())
    async with database.transaction() as session:
        row = (await session.exec(select(models.HolderRow))).one()
    assert row.created_at == NOW
    assert row.created_at.tzinfo is not None


PERSONAL = ["Ann Jones", "ann.jones@nhs.net", "H-58201947", "0123ABCD", "first-school", "$2b$04$hash"]


def personal_rows() -> list[SQLModel]:
    """Rows with personal data in every field that can hold some."""
    name, email, holder_id, serial, question, hashed = PERSONAL
    columns = ("wrapped_key", "nonce", "ciphertext", "fingerprint")
    sealed: dict[str, Any] = {"key_id": "k", **dict.fromkeys(columns, hashed.encode())}
    return [
        holder(holder_id=holder_id, name=name.encode(), ra_email=email.encode()),
        card(serial=serial, public_key=serial.encode()),
        models.UnblockSecretRow(card=1, **sealed),
        models.NextSecretRow(card=1, kiosk="Kiosk 1", at=NOW, **sealed),
        models.RefusedSecretRow(card=f"piv:guid:{serial}", fingerprint=hashed.encode()),
        models.RegistrationRow(
            holder=1,
            email=email.encode(),
            own_email=False,
            privacy_version="1",
            registered_at=NOW,
            usable_from=NOW,
        ),
        models.SecurityAnswerRow(holder=1, position=0, question=question, normaliser=1, hash=hashed),
        models.PendingRow(
            card=1,
            purpose="",
            visit="",
            kiosk="",
            created_at=NOW,
            email=email.encode(),
            draft=hashed.encode(),
            code_hash=hashed,
        ),
        models.AssistanceRow(holder=1, code_hash=hashed, issued_by="o", issued_at=NOW, expires_at=NOW),
        models.NoticeRow(
            kind="",
            recipient=email.encode(),
            name=name.encode(),
            language="en",
            kiosk="",
            next_at=NOW,
            created_at=NOW,
        ),
    ]


def staff_rows() -> list[SQLModel]:
    """The same of the staff, whose names may be shown."""
    name, _, _, serial, _, hashed = PERSONAL
    card: dict[str, Any] = {"card": serial, "card_key": serial.encode()}
    return [
        StaffRow(name="o", role="", password_hash=hashed, created_at=NOW, **card),
        StaffDelayRow(name=name.encode(), kiosk="", until=NOW),
    ]


@pytest.mark.parametrize("row", [*personal_rows(), *staff_rows()], ids=lambda row: type(row).__name__)
def test_the_repr_of_a_row_holds_nothing_of_a_person(row: SQLModel) -> None:
    shown = repr(row) + str(row)
    assert [value for value in PERSONAL if value in shown] == []


def test_every_table_has_been_looked_at() -> None:
    looked_at = {type(row).__tablename__ for row in [*personal_rows(), *staff_rows()]}
    impersonal = {"audit_event", "audit_store", "audit_checkpoint", "card_write", "code_mail", "kiosk"}
    impersonal |= {"data_key", "holder_word", "fleet_member", "fleet_rule", "secret_release"}
    impersonal |= {"staff_refusal", "service_stop", "selftest_result"}
    assert set(SQLModel.metadata.tables) == looked_at | impersonal
