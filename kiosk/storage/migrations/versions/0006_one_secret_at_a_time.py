"""one secret at a time"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Every function runs as the owner of the tables, on a search path that nobody else can write to.
GUARDED = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

NOW = """
CREATE FUNCTION unlock_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()'
"""

# NULL for the roles of the office and the owner, who are no kiosks.
WHO = f"""
CREATE FUNCTION unlock_member() RETURNS text STABLE {GUARDED} AS $$
DECLARE
    found fleet_member%ROWTYPE;
BEGIN
    SELECT * INTO found FROM fleet_member WHERE role = session_user;
    IF found.role IS NULL THEN
        RETURN NULL;
    END IF;
    IF found.revoked_at IS NOT NULL THEN
        RAISE EXCEPTION 'this kiosk was revoked' USING ERRCODE = 'UK001';
    END IF;
    RETURN found.kiosk;
END $$
"""  # noqa: S608

REQUEST = f"""
CREATE FUNCTION unlock_request(wanted integer, in_visit text) RETURNS integer {GUARDED} AS $$
DECLARE
    member text := unlock_member();
    rule fleet_rule%ROWTYPE;
    fresh timestamptz;
    number integer;
BEGIN
    IF member IS NULL THEN
        RAISE EXCEPTION 'no kiosk of the fleet' USING ERRCODE = 'UK001';
    END IF;
    SELECT * INTO STRICT rule FROM fleet_rule;
    PERFORM pg_advisory_xact_lock(hashtext('unlock_request'), hashtext(session_user));
    IF (SELECT count(*) FROM secret_release r
        WHERE r.role = session_user AND r.at > unlock_now() - interval '1 hour') >= rule.secrets_per_hour THEN
        RAISE EXCEPTION 'too many secrets within the hour' USING ERRCODE = 'UK002';
    END IF;
    fresh := unlock_now() - make_interval(mins => rule.proofs_valid_minutes);
    IF NOT EXISTS (
        SELECT 1 FROM pending p
        JOIN card c ON c.id = p.card
        JOIN holder h ON h.id = c.holder
        WHERE p.card = wanted AND p.visit = in_visit AND c.state = 'active' AND (
            (p.purpose = 'unlock'
                AND (h.blocked_at IS NULL OR p.assisted)
                AND (NOT (p.assisted OR rule.proofs LIKE '%questions%') OR p.questions_at > fresh)
                AND (rule.proofs NOT LIKE '%email-code%' OR p.email_at > fresh))
            OR (p.purpose = 'register' AND p.code_state = 'usable' AND p.code_expires_at > unlock_now())
        )
    ) THEN
        RAISE EXCEPTION 'the proofs are not on record' USING ERRCODE = 'UK003';
    END IF;
    INSERT INTO secret_release (card, role, kiosk, visit, at, xact)
        VALUES (wanted, session_user, member, in_visit, unlock_now(), pg_current_xact_id()::text)
        RETURNING id INTO number;
    RETURN number;
END $$
"""  # noqa: S608

# A request has to be committed, with its event: a transaction that is rolled back leaves neither.
TAKE = f"""
CREATE FUNCTION unlock_take(request integer)
RETURNS TABLE (part text, key_id varchar, wrapped_key bytea, nonce bytea, ciphertext bytea) {GUARDED} AS $$
#variable_conflict use_column
DECLARE
    member text := unlock_member();
    asked secret_release%ROWTYPE;
BEGIN
    SELECT * INTO asked FROM secret_release r WHERE r.id = request AND r.role = session_user;
    IF member IS NULL OR asked.id IS NULL OR asked.at < unlock_now() - interval '2 minutes' THEN
        RAISE EXCEPTION 'no such request' USING ERRCODE = 'UK003';
    END IF;
    IF asked.xact = pg_current_xact_id()::text THEN
        RAISE EXCEPTION 'the request is not committed' USING ERRCODE = 'UK004';
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM audit_event e JOIN card c ON c.audit_key = e.card_key
        WHERE c.id = asked.card AND e.event = 'unblock-secret.released' AND e.kiosk = asked.kiosk
            AND e.visit = asked.visit AND e.detail LIKE '%"release": ' || request || '}}'
    ) THEN
        RAISE EXCEPTION 'the request is not in the audit trail' USING ERRCODE = 'UK004';
    END IF;
    RETURN QUERY
        SELECT 'present', s.key_id, s.wrapped_key, s.nonce, s.ciphertext
            FROM unblock_secret s WHERE s.card = asked.card
        UNION ALL
        SELECT 'next', n.key_id, n.wrapped_key, n.nonce, n.ciphertext
            FROM next_unblock_secret n WHERE n.card = asked.card;
END $$
"""  # noqa: S608

# A kiosk replaces the secret of a card that it was given just now, and of no other; those of a self-test
# are its own. Of a card that is gone they go with it.
WRITES = f"""
CREATE FUNCTION unlock_guard_secrets() RETURNS trigger {GUARDED} AS $$
DECLARE
    touched integer := CASE TG_OP WHEN 'DELETE' THEN OLD.card ELSE NEW.card END;
BEGIN
    IF unlock_member() IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM secret_release r WHERE r.card = touched AND r.role = session_user
            AND r.at > unlock_now() - interval '10 minutes'
    ) AND EXISTS (
        SELECT 1 FROM card c JOIN holder h ON h.id = c.holder WHERE c.id = touched AND NOT h.selftest
    ) THEN
        RAISE EXCEPTION 'this kiosk was not given the secret of that card' USING ERRCODE = 'UK003';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$
"""  # noqa: S608

SELFTEST = f"""
CREATE FUNCTION unlock_guard_selftest() RETURNS trigger {GUARDED} AS $$
DECLARE
    touched jsonb := CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    own boolean := CASE TG_TABLE_NAME
        WHEN 'holder' THEN (touched ->> 'selftest')::boolean
        ELSE (SELECT h.selftest FROM holder h WHERE h.id = (touched ->> 'holder')::integer)
    END;
BEGIN
    IF unlock_member() IS NOT NULL AND own IS FALSE THEN
        RAISE EXCEPTION 'a kiosk adds and removes nobody but its self-test' USING ERRCODE = 'UK005';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$
"""  # noqa: S608

SPEAKS = f"""
CREATE FUNCTION unlock_guard_name() RETURNS trigger {GUARDED} AS $$
DECLARE
    member text := unlock_member();
    said text := to_jsonb(NEW) ->> CASE TG_TABLE_NAME WHEN 'kiosk' THEN 'name' ELSE 'kiosk' END;
BEGIN
    IF member IS NOT NULL AND said <> member THEN
        RAISE EXCEPTION 'this role is of the kiosk %, not of %', member, said USING ERRCODE = 'UK005';
    END IF;
    RETURN NEW;
END $$
"""

TRIGGERS = (
    "CREATE TRIGGER guard_unblock_secret BEFORE INSERT OR UPDATE OR DELETE ON unblock_secret "
    "FOR EACH ROW EXECUTE FUNCTION unlock_guard_secrets()",
    "CREATE TRIGGER guard_next_unblock_secret BEFORE INSERT OR UPDATE OR DELETE ON next_unblock_secret "
    "FOR EACH ROW EXECUTE FUNCTION unlock_guard_secrets()",
    *(
        f"CREATE TRIGGER guard_{table} BEFORE INSERT OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION unlock_guard_selftest()"
        for table in ("holder", "card", "holder_word")
    ),
    "CREATE TRIGGER guard_audit_event BEFORE INSERT ON audit_event "
    "FOR EACH ROW EXECUTE FUNCTION unlock_guard_name()",
    "CREATE TRIGGER guard_kiosk BEFORE INSERT OR UPDATE ON kiosk "
    "FOR EACH ROW EXECUTE FUNCTION unlock_guard_name()",
)
FUNCTIONS = ("unlock_now()", "unlock_member()", "unlock_request(integer, text)", "unlock_take(integer)")


def upgrade() -> None:
    """Expand the schema."""
    op.create_table(
        "fleet_member",
        sa.Column("role", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kiosk", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("added_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("revoked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("role"),
        sa.UniqueConstraint("kiosk"),
    )
    op.create_table(
        "fleet_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proofs", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("proofs_valid_minutes", sa.Integer(), nullable=False),
        sa.Column("secrets_per_hour", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name="only_one"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "secret_release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("card", sa.Integer(), nullable=False),
        sa.Column("role", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kiosk", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("visit", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("xact", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["card"], ["card.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("secret_release_of_role", "secret_release", ["role", "at"])
    op.create_index("ix_secret_release_card", "secret_release", ["card"])
    if op.get_context().dialect.name != "postgresql":
        return
    for statement in (NOW, WHO, REQUEST, TAKE, WRITES, SELFTEST, SPEAKS, *TRIGGERS):
        op.execute(statement)
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
