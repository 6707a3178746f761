-- New columns; older code keeps working. Weights, jitter, unique jobs, expiry, progress and results.
ALTER TABLE sluice.jobs
    -- What one job moves its lane on by, in 2^-20 turns: 2^20 / weight.
    ADD COLUMN turn bigint NOT NULL DEFAULT 1048576,
    ADD COLUMN backoff_jitter real NOT NULL DEFAULT 1,
    ADD COLUMN unique_key text,
    -- When it fails unless somebody has taken it.
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN progress jsonb;

ALTER TABLE sluice.job_history
    ADD COLUMN turn bigint NOT NULL DEFAULT 1048576,
    ADD COLUMN backoff_jitter real NOT NULL DEFAULT 1,
    ADD COLUMN unique_key text,
    ADD COLUMN progress jsonb,
    ADD COLUMN result json;

CREATE UNIQUE INDEX jobs_unique ON sluice.jobs (owner, queue, unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX jobs_expiring ON sluice.jobs (expires_at) WHERE expires_at IS NOT NULL;
-- What waits for its time has no position and no place in the claim index.
DROP INDEX sluice.jobs_claim;
CREATE INDEX jobs_claim ON sluice.jobs (queue, kind, priority, position) WHERE position IS NOT NULL;
CREATE INDEX job_history_failed ON sluice.job_history (queue, finished_at) WHERE state = 'failed';
CREATE INDEX enqueue_keys_created ON sluice.enqueue_keys (created_at);

DROP FUNCTION sluice.backoff(integer, bigint, real, bigint);
CREATE FUNCTION sluice.backoff(attempt integer, base_ms bigint, factor real, ceiling_ms bigint, jitter real) RETURNS interval
LANGUAGE sql VOLATILE
AS $$
    SELECT (1 - jitter * random()) * least(ceiling_ms, base_ms * least(factor::float8 ^ (attempt - 1), 1e12))
        * interval '1 millisecond'
$$;
COMMENT ON FUNCTION sluice.backoff(integer, bigint, real, bigint, real) IS
    'bound * (1 - jitter * r), where the bound is min(ceiling, base * factor^(attempt - 1)) and r is drawn evenly from 0 to 1.';
REVOKE ALL ON FUNCTION sluice.backoff(integer, bigint, real, bigint, real) FROM PUBLIC, anon, authenticated;
GRANT EXECUTE ON FUNCTION sluice.backoff(integer, bigint, real, bigint, real) TO sluice_coordinator;

-- As before, with the index that redrives use, and with patience for others that make days.
CREATE OR REPLACE FUNCTION sluice.create_history_partition(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = '' SET lock_timeout = '100ms'
AS $$
DECLARE
    partition text := 'job_history_' || to_char(day, 'YYYYMMDD');
    first timestamptz := day::timestamp AT TIME ZONE 'UTC';
    last timestamptz := (day + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
    -- Coordinators that start together would both find the day missing. They wait for each other longer than for a reader.
    PERFORM set_config('lock_timeout', '10s', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('sluice.create_history_partition', 0));
    PERFORM set_config('lock_timeout', '100ms', true);
    IF to_regclass('sluice.' || partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE sluice.%I (LIKE sluice.job_history INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
    EXECUTE format('REVOKE ALL ON sluice.%I FROM PUBLIC, anon, authenticated', partition);
    EXECUTE format('CREATE INDEX ON sluice.%I (id)', partition);
    EXECUTE format('CREATE INDEX ON sluice.%I (queue, finished_at) WHERE state = ''failed''', partition);
    EXECUTE format('ALTER TABLE sluice.job_history ATTACH PARTITION sluice.%I FOR VALUES FROM (%L) TO (%L)',
        partition, first, last);
    RETURN true;
END
$$;
