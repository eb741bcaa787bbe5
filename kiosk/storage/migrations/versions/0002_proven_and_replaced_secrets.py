"""what is known of an unblock secret: proven, shared, refused, being replaced"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATES = "state IN ('intent', 'unknown', 'answered', 'done', 'not-done', 'refused', 'open-ended')"


def upgrade() -> None:
    """Expand the schema."""
    op.create_index("ix_audit_event_at", "audit_event", ["at"])
    op.add_column("card", sa.Column("passcode_key", sa.LargeBinary(), nullable=True))
    for name in ("secret_proven", "mutual_proven"):
        op.add_column("card", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("card", sa.Column("unproven_sends", sa.Integer(), nullable=False, server_default="0"))
    # A fingerprint needs the secret itself: 0004 makes those of the rows that are there.
    op.add_column("unblock_secret", sa.Column("fingerprint", sa.LargeBinary(), nullable=True))
    op.create_index("ix_unblock_secret_fingerprint", "unblock_secret", ["fingerprint"])
    _let_a_write_be_answered()
    op.create_table(
        "next_unblock_secret",
        sa.Column("card", sa.Integer(), nullable=False),
        sa.Column("key_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("tries_before", sa.Integer(), nullable=True),
        sa.Column("probed_tries", sa.Integer(), nullable=True),
        sa.Column("kiosk", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["card"], ["card.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("card"),
    )
    op.create_table(
        "refused_secret",
        sa.Column("card", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("card", "fingerprint"),
    )


def _let_a_write_be_answered() -> None:
    with op.batch_alter_table("card_write") as table:
        table.drop_constraint("state_known", type_="check")
        table.create_check_constraint("state_known", _STATES)
