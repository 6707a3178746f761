-- Drops weights, jitter, unique keys, expiry, progress and results.
DROP FUNCTION sluice.backoff(integer, bigint, real, bigint, real);
CREATE FUNCTION sluice.backoff(attempt integer, base_ms bigint, factor real, ceiling_ms bigint) RETURNS interval
LANGUAGE sql VOLATILE
AS $$
    SELECT random() * least(ceiling_ms, base_ms * least(factor::float8 ^ (attempt - 1), 1e12)) * interval '1 millisecond'
$$;
COMMENT ON FUNCTION sluice.backoff(integer, bigint, real, bigint) IS
    'Full jitter: evenly between 0 and min(ceiling, base * factor^(attempt - 1)).';
REVOKE ALL ON FUNCTION sluice.backoff(integer, bigint, real, bigint) FROM PUBLIC, anon, authenticated;
GRANT EXECUTE ON FUNCTION sluice.backoff(integer, bigint, real, bigint) TO sluice_coordinator;
DROP INDEX sluice.jobs_unique, sluice.jobs_expiring, sluice.jobs_claim, sluice.job_history_failed, sluice.enqueue_keys_created;
CREATE INDEX jobs_claim ON sluice.jobs (queue, kind, priority, position);
ALTER TABLE sluice.jobs
    DROP COLUMN turn, DROP COLUMN backoff_jitter, DROP COLUMN unique_key, DROP COLUMN expires_at, DROP COLUMN progress;
ALTER TABLE sluice.job_history
    DROP COLUMN turn, DROP COLUMN backoff_jitter, DROP COLUMN unique_key, DROP COLUMN progress, DROP COLUMN result;
CREATE OR REPLACE FUNCTION sluice.create_history_partition(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = '' SET lock_timeout = '100ms'
AS $$
DECLARE
    partition text := 'job_history_' || to_char(day, 'YYYYMMDD');
    first timestamptz := day::timestamp AT TIME ZONE 'UTC';
    last timestamptz := (day + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
    -- Coordinators that start together would both find the day missing.
    PERFORM pg_advisory_xact_lock(hashtextextended('sluice.create_history_partition', 0));
    IF to_regclass('sluice.' || partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE sluice.%I (LIKE sluice.job_history INCLUDING CONSTRAINTS)', partition);
    EXECUTE format('REVOKE ALL ON sluice.%I FROM PUBLIC, anon, authenticated', partition);
    EXECUTE format('CREATE INDEX ON sluice.%I (id)', partition);
    EXECUTE format('ALTER TABLE sluice.job_history ATTACH PARTITION sluice.%I FOR VALUES FROM (%L) TO (%L)',
        partition, first, last);
    RETURN true;
END
$$;
