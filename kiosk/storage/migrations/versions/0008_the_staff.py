"""the staff"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# A kiosk changes its own alone. Failures of the last hour are counted, and swept, over the whole fleet.
OF_A_KIOSK = {
    "staff_delay": "INSERT OR UPDATE OR DELETE",
    "staff_refusal": "INSERT OR UPDATE",
    "service_stop": "INSERT OR UPDATE OR DELETE",
    "selftest_result": "INSERT OR UPDATE OR DELETE",
}

# Accounts are made and changed at the office alone; no kiosk says that they were.
ACCOUNTS = """
CREATE FUNCTION unlock_guard_accounts() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF unlock_member() IS NOT NULL THEN
        RAISE EXCEPTION 'a kiosk does nothing of the kind' USING ERRCODE = 'UK005';
    END IF;
    RETURN NEW;
END $$
"""


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
    for table, changes in OF_A_KIOSK.items():
        op.execute(
            f"CREATE TRIGGER guard_{table} BEFORE {changes} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION unlock_guard_name()"
        )
    op.execute(ACCOUNTS)
    op.execute("REVOKE ALL ON FUNCTION unlock_guard_accounts() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER guard_accounts BEFORE INSERT ON audit_event FOR EACH ROW "
        "WHEN (NEW.event IN ('staff.added', 'staff.disabled', 'staff.reset')) "
        "EXECUTE FUNCTION unlock_guard_accounts()"
    )
