"""what the office says"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Done at the office alone, so no kiosk says that it was.
OF_THE_OFFICE = (
    "staff.added",
    "staff.disabled",
    "staff.reset",
    "holder.email-set",
    "holder.block-cleared",
    "holder.forgotten",
    "assistance.issued",
    "card.state-set",
    "vault.rekeyed",
    "fleet.set-up",
    "fleet.kiosk-added",
    "fleet.kiosk-revoked",
    "audit.closed",
    "audit.exported",
    "store.backed-up",
    "store.restored",
)
OF_THE_SELFTEST = ("holder.added", "card.enrolled")  # which a kiosk's own test adds, too, and says so


def upgrade() -> None:
    """Expand the schema."""
    if op.get_context().dialect.name != "postgresql":
        return
    op.execute("DROP TRIGGER guard_accounts ON audit_event")
    op.execute(
        "CREATE TRIGGER guard_office BEFORE INSERT ON audit_event FOR EACH ROW "
        f"WHEN (NEW.event IN {OF_THE_OFFICE} OR NEW.event IN {OF_THE_SELFTEST} AND NOT NEW.selftest "
        "OR NEW.event = 'registration.withdrawn' AND NEW.actor <> '') "  # at a kiosk the holder does that
        "EXECUTE FUNCTION unlock_guard_accounts()"
    )
