-- New columns and a table; stop older code first, it does not know epochs. Sessions that outlive their streams.
ALTER TABLE sluice.worker_sessions
    -- Raised by whoever takes the session over: a former coordinator can neither extend nor free it.
    ADD COLUMN epoch integer NOT NULL DEFAULT 1,
    -- SHA-256 of what the worker resumes it with; null for a ClaimBatch.
    ADD COLUMN secret_hash bytea UNIQUE,
    ADD COLUMN lease_ms bigint NOT NULL DEFAULT 15000;

-- Without expires_at, so that a renewal is heap-only.
DROP INDEX sluice.worker_sessions_unsettled;
CREATE INDEX worker_sessions_unsettled ON sluice.worker_sessions (id) WHERE NOT settled;

CREATE TABLE sluice.lease_notices (
    session_id bigint NOT NULL,
    job_id uuid NOT NULL,
    token bigint NOT NULL,
    reason text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT sluice.now(),
    CONSTRAINT lease_notices_reason CHECK (reason IN ('lost', 'cancelled'))
);
CREATE INDEX lease_notices_session ON sluice.lease_notices (session_id);
COMMENT ON TABLE sluice.lease_notices IS
    'Leases that were ended while their worker lives; taken by the coordinator that has its stream.';

REVOKE ALL ON sluice.lease_notices FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON sluice.lease_notices TO sluice_coordinator;
