-- Takes back what 0012 made; nothing of a job is lost.
DROP INDEX sluice.job_history_unsuccessful;
DROP INDEX sluice.job_history_finished;
DROP INDEX sluice.job_history_owner;
DROP INDEX sluice.jobs_owner;
DROP INDEX sluice.worker_sessions_retiring;
ALTER TABLE sluice.worker_sessions
    DROP COLUMN said_goodbye,
    DROP COLUMN retiring;
DROP TABLE sluice.recounts;
DROP TABLE sluice.coordinators;
DROP TABLE sluice.queue_counts;
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
