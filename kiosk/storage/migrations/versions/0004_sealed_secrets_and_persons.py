"""unblock secrets under data keys of their own; names and addresses sealed, with blind indexes"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretBytes

from kiosk.keyring import KeyRing
from kiosk.keys import KeyProblem
from kiosk.persons import DATA_KEY, Personal, Persons, PersonsKey, fresh_data_key
from kiosk.vault import Vault, sealed
from kiosk.wrapping import SoftwareKey

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CHUNK = 1000  # rows in memory at a time
Row = Mapping[str, Any]

_SECRETS = {"unblock_secret": "unblock-secret", "next_unblock_secret": "next-unblock-secret"}


def upgrade() -> None:
    """Make room, seal what is there, and take away what was not sealed."""
    _expand()
    if _anything_there():
        keys = _keys()
        for table, field in _SECRETS.items():
            _seal_secrets(keys, table, field)
        _seal_persons(keys)
    _contract()


def _keys() -> KeyRing:
    config = op.get_context().config
    give = config.attributes.get("keys") if config else None
    if give is None:
        raise KeyProblem("what is in the store can be upgraded only with its keys: run 'kiosk init'")
    ring: KeyRing = give()
    return ring


def _expand() -> None:
    op.create_table(
        "data_key",
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "holder_word",
        sa.Column("holder", sa.Integer(), nullable=False),
        sa.Column("word", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["holder"], ["holder.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("holder", "word"),
    )
    op.create_index("ix_holder_word_word", "holder_word", ["word"])
    for table in _SECRETS:
        op.add_column(table, sa.Column("wrapped_key", sa.LargeBinary(), nullable=True))
    for table, column in (
        ("holder", "sealed_name"),
        ("holder", "sealed_ra_email"),
        ("holder", "ra_email_index"),
        ("registration", "sealed_email"),
        ("registration", "email_index"),
        ("pending", "sealed_email"),
        ("pending", "sealed_draft"),
        ("notice", "sealed_recipient"),
        ("notice", "sealed_name"),
    ):
        op.add_column(table, sa.Column(column, sa.LargeBinary(), nullable=True))


def _anything_there() -> bool:
    return op.get_bind().execute(sa.text("SELECT 1 FROM holder LIMIT 1")).first() is not None


# -- secrets ------------------------------------------------------------------------------------


def _seal_secrets(keys: KeyRing, table: str, field: str) -> None:
    """They were under the vault's key itself; each gets a data key of its own, and its fingerprint.

    One that did not open before goes on not opening, so that its card's holder is sent to the RA. Raises
    KeyProblem where none opens: then it is not the right key.
    """
    here, vault = keys.vault.load(), Vault(keys.vault, keys.derived("secret fingerprint"))
    plain = [key for key in (here.newest, *here.older) if isinstance(key, SoftwareKey)]
    found: list[bool] = []

    def convert(row: Row) -> Row:
        secret = _opened(plain, row, field)
        found.append(secret is not None)
        if secret is None:
            return {"wrapped_key": b"", "fingerprint": os.urandom(16)}
        made = sealed(here.newest, row["audit_key"], field, secret)
        return {**vars(made), "fingerprint": vault.fingerprint(secret)}

    query = (  # names from above, not from outside
        f"SELECT t.card AS id, t.key_id, t.nonce, t.ciphertext, card.audit_key FROM {table} t "  # noqa: S608
        "JOIN card ON card.id = t.card WHERE t.card > :after ORDER BY t.card LIMIT :chunk"
    )
    columns = ("key_id", "wrapped_key", "nonce", "ciphertext", "fingerprint")
    _each(query, table, "card", columns, convert)
    if found and not any(found):
        raise KeyProblem(
            "the vault key opens none of the unblock secrets of the older release: put back the right key "
            "file from your backup (keys.vault), then run this again"
        )


def _opened(keys: Sequence[SoftwareKey], row: Row, field: str) -> SecretBytes | None:
    """The secret; the older release knew one key only, which it called "1"."""
    bound_to = f"{row['key_id']}|{row['audit_key']}|{field}".encode()
    for key in keys:
        with suppress(InvalidTag, ValueError):
            cipher = AESGCM(key.key.get_secret_value())
            return SecretBytes(cipher.decrypt(row["nonce"], row["ciphertext"], bound_to))
    return None


# -- persons ------------------------------------------------------------------------------------


def _seal_persons(keys: KeyRing) -> None:
    vault = Vault(keys.vault, keys.derived("secret fingerprint"))
    persons = Persons(vault, keys.derived("blind index"))
    newest, data_key = vault.keys.newest, fresh_data_key()
    op.get_bind().execute(
        sa.text("INSERT INTO data_key (name, key_id, wrapped_key) VALUES (:name, :key_id, :wrapped)"),
        {
            "name": DATA_KEY,
            "key_id": newest.key_id,
            "wrapped": newest.wrap(data_key.get_secret_value()),
        },
    )
    key = PersonsKey(data_key)
    _seal_holders(key, persons)
    _seal_registrations(key, persons)
    _seal_mails(key)


def _seal_holders(key: PersonsKey, persons: Persons) -> None:
    words: list[Row] = []

    def convert(row: Row) -> Row:
        words.extend({"holder": row["id"], "word": word} for word in persons.word_indexes(row["name"]))
        return {
            "sealed_name": key.seal(row["owner"], Personal.NAME, row["name"]),
            "sealed_ra_email": key.seal(row["owner"], Personal.RA_EMAIL, row["ra_email"]),
            "ra_email_index": persons.address_index(row["ra_email"]),
        }

    def keep_words() -> None:
        if words:
            statement = sa.text("INSERT INTO holder_word (holder, word) VALUES (:holder, :word)")
            op.get_bind().execute(statement, words)
            words.clear()

    query = (
        "SELECT id, audit_key AS owner, name, ra_email FROM holder WHERE id > :after ORDER BY id LIMIT :chunk"
    )
    _each(query, "holder", "id", ("sealed_name", "sealed_ra_email", "ra_email_index"), convert, keep_words)


def _seal_registrations(key: PersonsKey, persons: Persons) -> None:
    query = (
        "SELECT r.holder AS id, holder.audit_key AS owner, r.email FROM registration r "
        "JOIN holder ON holder.id = r.holder WHERE r.holder > :after ORDER BY r.holder LIMIT :chunk"
    )
    _each(
        query,
        "registration",
        "holder",
        ("sealed_email", "email_index"),
        lambda row: {
            "sealed_email": key.seal(row["owner"], Personal.OWN_EMAIL, row["email"]),
            "email_index": persons.address_index(row["email"]),
        },
    )


def _seal_mails(key: PersonsKey) -> None:
    """Codes that wait to be entered, and notices that wait to be sent."""

    def made(row: Row, field: Personal, column: str) -> bytes | None:
        return key.seal(row["owner"] or "", field, row[column]) if row[column] else None

    _each(
        "SELECT pending.id, holder.audit_key AS owner, email, draft FROM pending "
        "JOIN card ON card.id = pending.card JOIN holder ON holder.id = card.holder "
        "WHERE pending.id > :after ORDER BY pending.id LIMIT :chunk",
        "pending",
        "id",
        ("sealed_email", "sealed_draft"),
        lambda row: {
            "sealed_email": made(row, Personal.PENDING_EMAIL, "email"),
            "sealed_draft": made(row, Personal.PENDING_DRAFT, "draft"),
        },
    )
    _each(
        "SELECT notice.id, holder.audit_key AS owner, recipient, notice.name FROM notice "
        "LEFT JOIN holder ON holder.id = notice.holder "
        "WHERE notice.id > :after ORDER BY notice.id LIMIT :chunk",
        "notice",
        "id",
        ("sealed_recipient", "sealed_name"),
        lambda row: {
            "sealed_recipient": made(row, Personal.NOTICE_RECIPIENT, "recipient"),
            "sealed_name": made(row, Personal.NOTICE_NAME, "name"),
        },
    )


# -- both ---------------------------------------------------------------------------------------


def _each(
    query: str,
    table: str,
    key: str,
    columns: tuple[str, ...],
    convert: Callable[[Row], Row],
    after_chunk: Callable[[], None] = lambda: None,
) -> None:
    """Set columns of every row of a table to what its conversion says, chunk by chunk."""
    assignments = ", ".join(f"{column} = :{column}" for column in columns)
    statement = sa.text(f"UPDATE {table} SET {assignments} WHERE {key} = :id")  # noqa: S608 - likewise
    for rows in _chunks(query):
        # What a conversion leaves out stays as it is.
        changes = [
            {**{name: row.get(name) for name in columns}, **convert(row), "id": row["id"]} for row in rows
        ]
        op.get_bind().execute(statement, changes)
        after_chunk()


def _chunks(query: str) -> Iterator[list[Row]]:
    after = -1
    while True:
        found = op.get_bind().execute(sa.text(query), {"after": after, "chunk": CHUNK})
        rows: list[Row] = [dict(row) for row in found.mappings()]
        if not rows:
            return
        yield rows
        after = rows[-1]["id"]


def _contract() -> None:
    """Take away what was not sealed; what was takes its name."""
    with op.batch_alter_table("holder") as batch:
        batch.drop_constraint("name_length", type_="check")
    _replace("holder", {"name": False, "ra_email": False})
    _replace("registration", {"email": False})
    _replace("pending", {"email": True, "draft": True})
    _replace("notice", {"recipient": True, "name": True})
    op.create_index("ix_holder_ra_email_index", "holder", ["ra_email_index"])
    op.create_index("ix_registration_email_index", "registration", ["email_index"])
    binary = sa.LargeBinary()
    with op.batch_alter_table("unblock_secret") as batch:
        batch.alter_column("wrapped_key", existing_type=binary, nullable=False)
        batch.alter_column("fingerprint", existing_type=binary, nullable=False)
    with op.batch_alter_table("next_unblock_secret") as batch:
        batch.alter_column("wrapped_key", existing_type=binary, nullable=False)


def _replace(table: str, columns: dict[str, bool]) -> None:
    """``columns``: whether each may be empty."""
    with op.batch_alter_table(table) as batch:
        for column in columns:
            batch.drop_column(column)
    with op.batch_alter_table(table) as batch:
        for column, nullable in columns.items():
            batch.alter_column(
                f"sealed_{column}", new_column_name=column, existing_type=sa.LargeBinary(), nullable=nullable
            )
