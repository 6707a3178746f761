-- Drops word to workers that was not taken yet.
DROP TABLE sluice.lease_notices;
DROP INDEX sluice.worker_sessions_unsettled;
CREATE INDEX worker_sessions_unsettled ON sluice.worker_sessions (expires_at) WHERE NOT settled;
ALTER TABLE sluice.worker_sessions DROP COLUMN epoch, DROP COLUMN secret_hash, DROP COLUMN lease_ms;
