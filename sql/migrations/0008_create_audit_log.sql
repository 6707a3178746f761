-- New table; older code keeps working. What operators did: appended to in the transaction of the act, never changed.
CREATE TABLE sluice.audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT sluice.now(),
    -- Who: the principal of the call.
    principal text NOT NULL,
    -- From where: the address that the call came from.
    peer text NOT NULL,
    -- What: the rpc's name, and what it was asked and did.
    act text NOT NULL,
    details jsonb NOT NULL
);
COMMENT ON TABLE sluice.audit_log IS 'What operators did, when and from where. The coordinator may add rows and no more.';
REVOKE ALL ON sluice.audit_log FROM PUBLIC, anon, authenticated;
REVOKE ALL ON SEQUENCE sluice.audit_log_id_seq FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT ON sluice.audit_log TO sluice_coordinator;
