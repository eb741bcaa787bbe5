"""the audit chain: every event has a MAC over itself and over the one before; only appends are taken"""

import hmac
import json
import secrets
from collections.abc import Callable
from datetime import UTC
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from kiosk.keys import KeyProblem

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# As kiosk.chain has it; here it stays as it is now.
COLUMNS = ("kiosk", "visit", "event", "outcome", "reason", "holder_key", "card_key", "actor", "detail")
TEXT = sqlmodel.sql.sqltypes.AutoString()
EVENTS = sa.table(
    "audit_event",
    sa.column("seq", sa.Integer()),
    sa.column("at", sqlmodel.sql.sqltypes.UTCDateTime()),
    *(sa.column(name, TEXT) for name in COLUMNS),
    sa.column("selftest", sa.Boolean()),
    sa.column("previous", TEXT),
    sa.column("mac", TEXT),
)
STORE = sa.table("audit_store", sa.column("id", sa.Integer()), sa.column("store", TEXT))
BATCH = 1000


def upgrade() -> None:
    """Expand the schema, and chain the events that are there."""
    _tables()
    store = secrets.token_hex(32)
    op.get_bind().execute(STORE.insert(), {"id": 1, "store": store})
    _chain(store)
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.alter_column("previous", existing_type=TEXT, nullable=False)
        batch_op.alter_column("mac", existing_type=TEXT, nullable=False)
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[op.get_context().dialect.name]:
        op.execute(statement)


def _tables() -> None:
    op.create_table(
        "audit_store",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("store", TEXT, nullable=False),
        sa.Column("daily_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.CheckConstraint("id = 1", name="only_one"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("first_seq", sa.Integer(), nullable=False),
        sa.Column("previous", TEXT, nullable=False),
        sa.Column("last_mac", TEXT, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("signature", TEXT, nullable=False),
        sa.CheckConstraint("first_seq <= last_seq", name="in_order"),
        sa.PrimaryKeyConstraint("last_seq"),
    )


def _chain(store: str) -> None:
    """Number the events without gaps and give each its MAC, oldest first."""
    connection, key = op.get_bind(), b""
    old, seq, mac = 0, 0, store
    while rows := connection.execute(
        sa.select(EVENTS).where(EVENTS.c.seq > old).order_by(EVENTS.c.seq).limit(BATCH)
    ).all():
        key = key or _key()
        changes: list[dict[str, Any]] = []
        for row in rows:
            old, seq, previous = row.seq, seq + 1, mac
            at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
            event = {**row._mapping, "at": at, "seq": seq, "previous": previous, "store": store}
            del event["mac"]
            body = json.dumps(event, sort_keys=True, separators=(",", ":")).encode("ascii")
            mac = hmac.digest(key, body, "sha256").hex()
            changes.append({"old": old, "new": seq, "previous_mac": previous, "own_mac": mac})
        connection.execute(
            EVENTS.update()
            .where(EVENTS.c.seq == sa.bindparam("old"))
            .values(
                seq=sa.bindparam("new"), previous=sa.bindparam("previous_mac"), mac=sa.bindparam("own_mac")
            ),
            changes,
        )


def _key() -> bytes:
    keys: Callable[[], Any] | None = op.get_context().config.attributes.get("keys")  # type: ignore[union-attr]
    if keys is None:
        raise KeyProblem("what is in the store can be upgraded only with its keys: run 'kiosk init'")
    key: bytes = keys().derived("audit chain").get_secret_value()
    return key


_CLOSED = "SELECT 1 FROM audit_checkpoint WHERE OLD.seq BETWEEN first_seq AND last_seq"
_HEAD_SEQ = "coalesce((SELECT max(seq) FROM audit_event), 0)"
_HEAD_MAC = (
    "coalesce((SELECT mac FROM audit_event ORDER BY seq DESC LIMIT 1), (SELECT store FROM audit_store))"
)
# INSERT OR REPLACE would remove a row without any trigger for it: so inserts are looked at, too.
_NO_APPEND = f"NEW.seq <> {_HEAD_SEQ} + 1 OR NEW.previous <> {_HEAD_MAC}"

SQLITE = (
    f"""CREATE TRIGGER audit_event_insert BEFORE INSERT ON audit_event WHEN {_NO_APPEND}
    BEGIN SELECT RAISE(ABORT, 'audit events are only ever appended'); END""",
    """CREATE TRIGGER audit_event_update BEFORE UPDATE ON audit_event
    BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END""",
    f"""CREATE TRIGGER audit_event_delete BEFORE DELETE ON audit_event WHEN NOT EXISTS ({_CLOSED})
    BEGIN SELECT RAISE(ABORT, 'audit events are never deleted before a checkpoint'); END""",
    """CREATE TRIGGER audit_checkpoint_insert BEFORE INSERT ON audit_checkpoint
    WHEN NEW.first_seq <> coalesce((SELECT max(last_seq) FROM audit_checkpoint), 0) + 1
    BEGIN SELECT RAISE(ABORT, 'checkpoints are only ever appended'); END""",
    """CREATE TRIGGER audit_checkpoint_update BEFORE UPDATE ON audit_checkpoint
    BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed'); END""",
    """CREATE TRIGGER audit_checkpoint_delete BEFORE DELETE ON audit_checkpoint
    BEGIN SELECT RAISE(ABORT, 'checkpoints are never deleted'); END""",
)

POSTGRESQL = (
    f"""CREATE FUNCTION audit_event_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            IF NOT ({_NO_APPEND}) THEN RETURN NEW; END IF;
            RAISE EXCEPTION 'audit events are only ever appended';
        ELSIF TG_OP = 'DELETE' THEN
            IF EXISTS ({_CLOSED}) THEN RETURN OLD; END IF;
            RAISE EXCEPTION 'audit events are never deleted before a checkpoint';
        END IF;
        RAISE EXCEPTION 'audit events are never changed';
    END $$""",
    """CREATE FUNCTION audit_checkpoint_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            IF NEW.first_seq = coalesce((SELECT max(last_seq) FROM audit_checkpoint), 0) + 1 THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'checkpoints are only ever appended';
        END IF;
        RAISE EXCEPTION 'checkpoints are never changed';
    END $$""",
    *(
        f"""CREATE TRIGGER {table}_{when} BEFORE {event} ON {table}
        FOR EACH {each} EXECUTE FUNCTION {table}_guard()"""
        for table in ("audit_event", "audit_checkpoint")
        for when, event, each in (
            ("rows", "INSERT OR UPDATE OR DELETE", "ROW"),
            ("truncate", "TRUNCATE", "STATEMENT"),
        )
    ),
)
