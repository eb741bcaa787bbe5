-- What each kind of role may, on PostgreSQL. `kiosk fleet setup` carries it out, as the owner of the tables;
-- it can be run again at any time, and has to be after `kiosk db upgrade`. docs/fleet.md and docs/security.md say why.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, unlock_kiosk, unlock_office;
REVOKE CREATE ON SCHEMA public FROM PUBLIC, unlock_kiosk, unlock_office;
GRANT USAGE ON SCHEMA public TO unlock_kiosk, unlock_office;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO unlock_office;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM unlock_kiosk;
GRANT USAGE ON SEQUENCE pending_id_seq, code_mail_id_seq, card_write_id_seq, notice_id_seq, holder_id_seq, card_id_seq
    TO unlock_kiosk;
-- A temporary table could take the place of a real one, and a type of one's own bring a function along.
DO $$ BEGIN EXECUTE 'REVOKE TEMPORARY ON DATABASE ' || quote_ident(current_database()) || ' FROM PUBLIC'; END $$;

-- Both: the audit trail takes appends alone. Segments are closed by the owner.
GRANT SELECT, INSERT ON audit_event TO unlock_kiosk, unlock_office;
GRANT SELECT ON audit_checkpoint, audit_store, alembic_version TO unlock_kiosk, unlock_office;
GRANT UPDATE (daily_at) ON audit_store TO unlock_kiosk, unlock_office;
GRANT SELECT, INSERT ON data_key TO unlock_kiosk, unlock_office;
GRANT UPDATE ON data_key TO unlock_office; -- kiosk vault rekey
GRANT EXECUTE ON FUNCTION unlock_now(), unlock_member(), unlock_shared_cards(), unlock_is_shared(integer),
    unlock_kept_refused(integer), unlock_kept_accepted(integer) TO unlock_kiosk, unlock_office;

-- A kiosk: what a journey changes. Not who a holder is, not whose a card is, and no assistance codes of its own.
GRANT SELECT ON holder, card, registration, security_answer, assistance TO unlock_kiosk;
GRANT UPDATE (attempts, blocked_at) ON holder TO unlock_kiosk;
GRANT UPDATE (public_key, passcode_key, unblock_state, secret_proven, mutual_proven, unproven_sends)
    ON card TO unlock_kiosk;
GRANT INSERT, DELETE ON holder, card, holder_word TO unlock_kiosk; -- of its self-test alone, see the triggers
GRANT SELECT (holder) ON holder_word TO unlock_kiosk;
GRANT INSERT, UPDATE, DELETE ON registration TO unlock_kiosk;
GRANT INSERT, DELETE ON security_answer TO unlock_kiosk;
GRANT UPDATE (state, wrong, code_hash), DELETE ON assistance TO unlock_kiosk;
GRANT SELECT, INSERT, UPDATE, DELETE ON pending, code_mail, card_write, notice, kiosk TO unlock_kiosk;
GRANT SELECT (card, refused, sends), DELETE ON refused_secret TO unlock_kiosk;

-- Of the unblock secrets only whether there is one. What is sealed comes from unlock_take, one card at a time. Not
-- their fingerprints: the kiosk has the key of those, and eight digits are soon tried.
GRANT SELECT (card, key_id) ON unblock_secret TO unlock_kiosk;
GRANT SELECT (card, key_id, tries_before, probed_tries) ON next_unblock_secret TO unlock_kiosk;
GRANT INSERT, UPDATE (key_id, wrapped_key, nonce, ciphertext, fingerprint) ON unblock_secret TO unlock_kiosk;
GRANT INSERT, UPDATE (tries_before, probed_tries), DELETE ON next_unblock_secret TO unlock_kiosk;
GRANT EXECUTE ON FUNCTION unlock_request(integer, text), unlock_take(integer) TO unlock_kiosk;

-- The maintenance side: who may sign in is decided elsewhere; failures, and this kiosk's own state.
GRANT SELECT ON staff TO unlock_kiosk;
GRANT SELECT, INSERT ON staff_refusal TO unlock_kiosk;
GRANT SELECT, INSERT, UPDATE, DELETE ON staff_delay, service_stop, selftest_result
    TO unlock_kiosk;
GRANT USAGE ON SEQUENCE staff_refusal_id_seq TO unlock_kiosk;

-- The office: holders, cards and their secrets. It is not at a kiosk.
GRANT SELECT, INSERT, UPDATE, DELETE ON holder, holder_word, card, unblock_secret, next_unblock_secret,
    refused_secret, registration, security_answer, pending, code_mail, assistance, card_write, notice, kiosk,
    secret_release, staff, staff_delay, staff_refusal, service_stop, selftest_result TO unlock_office;
GRANT SELECT ON fleet_member, fleet_rule TO unlock_office;
