"""a kiosk is watched

What a security review found: every way by which a kiosk's role got more than `docs/security.md` says.
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Every function runs as the owner of the tables, on a search path that nobody else can write to.
GUARDED = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

# Given to this role within ten minutes, and in the audit trail.
GIVEN = f"""
CREATE FUNCTION unlock_given(wanted integer) RETURNS boolean STABLE {GUARDED} AS $$
BEGIN
    RETURN EXISTS (
        SELECT 1 FROM secret_release r JOIN card c ON c.id = r.card
            JOIN audit_event e ON e.card_key = c.audit_key
        WHERE r.card = wanted AND r.role = session_user AND r.at > unlock_now() - interval '10 minutes'
            AND e.event = 'unblock-secret.released' AND e.kiosk = r.kiosk AND e.visit = r.visit
            AND e.detail LIKE '%"release": ' || r.id || '}}'
    );
END $$
"""  # noqa: S608

# Counted under a lock: an older snapshot would not see what was given meanwhile.
REQUEST = f"""
CREATE OR REPLACE FUNCTION unlock_request(wanted integer, in_visit text) RETURNS integer {GUARDED} AS $$
DECLARE
    member text := unlock_member();
    rule fleet_rule%ROWTYPE;
    fresh timestamptz;
    number integer;
BEGIN
    IF member IS NULL THEN
        RAISE EXCEPTION 'no kiosk of the fleet' USING ERRCODE = 'UK001';
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a request is made in a transaction that is read committed' USING ERRCODE = 'UK004';
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

# Request and event have to be committed: whoever takes has written nothing that could be rolled back.
TAKE = f"""
CREATE OR REPLACE FUNCTION unlock_take(request integer)
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
    IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
        RAISE EXCEPTION 'this transaction has written something' USING ERRCODE = 'UK004';
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM audit_event e JOIN card c ON c.audit_key = e.card_key JOIN holder h ON h.id = c.holder
        WHERE c.id = asked.card AND e.event = 'unblock-secret.released' AND e.kiosk = asked.kiosk
            AND e.visit = asked.visit AND e.selftest = h.selftest
            AND e.detail LIKE '%"release": ' || request || '}}'
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
# are its own. A secret never moves to another card. `made_by` says which kiosk wrote what is there.
WRITES = f"""
CREATE OR REPLACE FUNCTION unlock_guard_secrets() RETURNS trigger {GUARDED} AS $$
DECLARE
    member text := unlock_member();
    touched integer := CASE TG_OP WHEN 'DELETE' THEN OLD.card ELSE NEW.card END;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.card <> OLD.card THEN
        RAISE EXCEPTION 'a secret belongs to one card' USING ERRCODE = 'UK003';
    END IF;
    IF member IS NOT NULL AND NOT unlock_given(touched) AND EXISTS (
        SELECT 1 FROM card c JOIN holder h ON h.id = c.holder WHERE c.id = touched AND NOT h.selftest
    ) THEN
        RAISE EXCEPTION 'this kiosk was not given the secret of that card' USING ERRCODE = 'UK003';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF TG_TABLE_NAME = 'unblock_secret' THEN
        IF member IS NOT NULL OR TG_OP = 'INSERT' OR NEW.fingerprint IS DISTINCT FROM OLD.fingerprint THEN
            NEW.made_by := member;
        END IF;
    END IF;
    RETURN NEW;
END $$
"""  # noqa: S608

# Which cards share a secret, for whoever may not compare them. What a kiosk wrote is left out: those are
# random, and a kiosk that could write a guess and ask would have found every secret in the end.
SHARED = f"""
CREATE FUNCTION unlock_shared_cards() RETURNS SETOF integer STABLE {GUARDED} AS $$
BEGIN
    RETURN QUERY SELECT s.card FROM unblock_secret s WHERE s.made_by IS NULL AND s.fingerprint IN (
        SELECT o.fingerprint FROM unblock_secret o WHERE o.made_by IS NULL
            GROUP BY o.fingerprint HAVING count(*) > 1
    );
END $$
"""  # noqa: S608
IS_SHARED = f"""
CREATE FUNCTION unlock_is_shared(wanted integer) RETURNS boolean STABLE {GUARDED} AS $$
BEGIN
    RETURN EXISTS (
        SELECT 1 FROM unblock_secret s JOIN unblock_secret o ON o.fingerprint = s.fingerprint
        WHERE s.card = wanted AND o.card <> wanted AND s.made_by IS NULL AND o.made_by IS NULL
    );
END $$
"""  # noqa: S608

# What a card refused or accepted is remembered by its fingerprint, which no kiosk gets to see.
REFUSED = f"""
CREATE FUNCTION unlock_kept_refused(wanted integer) RETURNS void {GUARDED} AS $$
BEGIN
    PERFORM unlock_member();
    INSERT INTO refused_secret (card, fingerprint, refused, sends)
        SELECT concat_ws(':', c.family, c.kind, c.serial), s.fingerprint, true, 0
        FROM unblock_secret s JOIN card c ON c.id = s.card WHERE s.card = wanted
        ON CONFLICT (card, fingerprint) DO UPDATE SET refused = true;
END $$
"""  # noqa: S608
ACCEPTED = f"""
CREATE FUNCTION unlock_kept_accepted(wanted integer) RETURNS void {GUARDED} AS $$
BEGIN
    PERFORM unlock_member();
    DELETE FROM refused_secret x USING unblock_secret s, card c
        WHERE s.card = wanted AND c.id = wanted AND x.card = concat_ws(':', c.family, c.kind, c.serial)
            AND (x.fingerprint = s.fingerprint OR NOT x.refused);
END $$
"""  # noqa: S608

# What happens at the office alone.
OFFICE = (
    "fleet.set-up",
    "fleet.kiosk-added",
    "fleet.kiosk-revoked",
    "audit.exported",
    "audit.closed",
    "store.backed-up",
    "store.restored",
    "vault.rekeyed",
    "holder.forgotten",
    "assistance.issued",
    "card.state-set",
)

# A kiosk speaks for itself, of what a kiosk does, and in a few words.
SPEAKS = f"""
CREATE OR REPLACE FUNCTION unlock_guard_name() RETURNS trigger {GUARDED} AS $$
DECLARE
    member text := unlock_member();
    said jsonb := CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    named text := CASE TG_TABLE_NAME WHEN 'kiosk' THEN 'name' ELSE 'kiosk' END;
BEGIN
    IF member IS NULL THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF said ->> named <> member OR (TG_OP = 'UPDATE' AND to_jsonb(OLD) ->> named <> member) THEN
        RAISE EXCEPTION 'this role is of the kiosk %, not of %', member, said ->> named
            USING ERRCODE = 'UK005';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF length(said::text) > 20000 THEN
        RAISE EXCEPTION 'that is too long' USING ERRCODE = 'UK005';
    END IF;
    IF TG_TABLE_NAME = 'audit_event' AND said ->> 'event' IN {OFFICE} THEN
        RAISE EXCEPTION 'a kiosk does nothing of the kind' USING ERRCODE = 'UK005';
    END IF;
    RETURN NEW;
END $$
"""
# An assistance code is used up or void at a kiosk, and never made there.
ASSISTANCE = f"""
CREATE FUNCTION unlock_guard_assistance() RETURNS trigger {GUARDED} AS $$
BEGIN
    IF unlock_member() IS NOT NULL AND (
        NEW.wrong < OLD.wrong
        OR (NEW.state <> OLD.state AND NOT (OLD.state = 'usable' AND NEW.state IN ('used', 'void')))
        OR (NEW.code_hash <> OLD.code_hash AND NEW.code_hash <> '')
    ) THEN
        RAISE EXCEPTION 'a kiosk makes no assistance codes' USING ERRCODE = 'UK005';
    END IF;
    RETURN NEW;
END $$
"""
TRIGGERS = (
    "CREATE TRIGGER guard_assistance BEFORE UPDATE ON assistance "
    "FOR EACH ROW EXECUTE FUNCTION unlock_guard_assistance()",
    "DROP TRIGGER guard_kiosk ON kiosk",
    "CREATE TRIGGER guard_kiosk BEFORE INSERT OR UPDATE OR DELETE ON kiosk "
    "FOR EACH ROW EXECUTE FUNCTION unlock_guard_name()",
    *(
        f"CREATE TRIGGER guard_{table}_name BEFORE INSERT ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION unlock_guard_name()"
        for table in ("pending", "notice", "card_write", "next_unblock_secret")
    ),
)
FUNCTIONS = (
    *("unlock_given(integer)", "unlock_shared_cards()", "unlock_is_shared(integer)"),
    *("unlock_kept_refused(integer)", "unlock_kept_accepted(integer)", "unlock_guard_assistance()"),
    *("unlock_guard_secrets()", "unlock_guard_selftest()", "unlock_guard_name()"),
    *("audit_event_guard()", "audit_checkpoint_guard()"),
)


def upgrade() -> None:
    """Expand the schema."""
    op.add_column("unblock_secret", sa.Column("made_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    if op.get_context().dialect.name != "postgresql":
        return
    made = (GIVEN, REQUEST, TAKE, WRITES, SHARED, IS_SHARED, REFUSED, ACCEPTED, SPEAKS, ASSISTANCE)
    for statement in (*made, *TRIGGERS):
        op.execute(statement)
    for function in FUNCTIONS:  # or anybody could hang them on a table of their own, and run as the owner
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
    for function in ("audit_event_guard()", "audit_checkpoint_guard()"):
        op.execute(f"ALTER FUNCTION {function} SET search_path = pg_catalog, public, pg_temp")
    _only_finite_times()


def _only_finite_times() -> None:
    """PostgreSQL knows a time that is infinite, and no program can read it: one such row stops everybody."""
    inspector = sa.inspect(op.get_bind())
    for table in inspector.get_table_names():
        for column in inspector.get_columns(table):
            if isinstance(column["type"], sa.DateTime):
                name = column["name"]
                op.create_check_constraint(f"{table}_{name}_finite", table, f"isfinite({name})")
