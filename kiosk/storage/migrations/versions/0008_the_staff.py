"""the staff"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

GUARDED = ("staff_delay", "staff_refusal", "service_stop", "selftest_result")


def upgrade() -> None:
    """Expand the schema."""
    text, moment = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", text(), nullable=False),
        sa.Column("role", text(), nullable=False),
        sa.Column("password_hash", text(), nullable=False),
        sa.Column("card", text(), nullable=True),
        sa.Column("card_key", sa.LargeBinary(), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.CheckConstraint("role IN ('technician', 'officer', 'administrator')", name="role_known"),
        sa.CheckConstraint("(card IS NULL) = (card_key IS NULL)", name="card_with_key"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sa.UniqueConstraint("card"),
    )
    op.create_table(
        "staff_delay",
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("kiosk", text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("until", moment(), nullable=False),
        sa.CheckConstraint("failures >= 0", name="failures_not_negative"),
        sa.PrimaryKeyConstraint("name", "kiosk"),
    )
    op.create_table(
        "staff_refusal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("kiosk", text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_staff_refusal_at", "staff_refusal", ["at"])
    op.create_table(
        "service_stop",
        sa.Column("kiosk", text(), nullable=False),
        sa.Column("reason", text(), nullable=False),
        sa.Column("by", text(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("kiosk"),
    )
    op.create_table(
        "selftest_result",
        sa.Column("kiosk", text(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("by", text(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("report", text(), nullable=False),
        sa.PrimaryKeyConstraint("kiosk"),
    )
    if op.get_context().dialect.name != "postgresql":
        return
    for table in GUARDED:
        op.execute(
            f"CREATE TRIGGER guard_{table} BEFORE INSERT OR UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION unlock_guard_name()"
        )
