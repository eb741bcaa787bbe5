"""a visit is looked up by its reference"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand the schema."""
    op.create_index("ix_audit_event_visit", "audit_event", ["visit"])
