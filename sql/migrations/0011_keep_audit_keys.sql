-- New table; older code keeps working. What an audit keeps of a person is an HMAC of the id, under a key of the database's own.
CREATE TABLE sluice.audit_keys (
    -- At most one row.
    single boolean PRIMARY KEY DEFAULT true,
    -- 32 bytes; two random UUIDs have 244 random bits.
    key bytea NOT NULL,
    CONSTRAINT audit_keys_single CHECK (single)
);
COMMENT ON TABLE sluice.audit_keys IS 'The key of the HMACs in the audit log. The coordinator reads it, nobody else does.';
REVOKE ALL ON sluice.audit_keys FROM PUBLIC, anon, authenticated;
GRANT SELECT ON sluice.audit_keys TO sluice_coordinator;
INSERT INTO sluice.audit_keys (key)
VALUES (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

-- Lines of before may name an owner; whom they mean is not kept.
UPDATE sluice.audit_log
SET details = details #- '{filter,owner}'
WHERE details #> '{filter,owner}' IS NOT NULL;
