-- New tables, columns and indexes; older code keeps working, and its jobs are counted by the next recount. What operators look at.

-- What each coordinator saw of a queue, in rows of its own, one for five seconds: sums of them are how a queue stands, and
-- those of the last minute its rates. Old ones are folded into one a queue, that of no coordinator.
CREATE TABLE sluice.queue_counts (
    queue text NOT NULL,
    since timestamptz NOT NULL,
    coordinator uuid NOT NULL,
    -- How many more jobs are in these states by what was seen; negative where more have left.
    pending bigint NOT NULL,
    scheduled bigint NOT NULL,
    processing bigint NOT NULL,
    failed bigint NOT NULL,
    -- Jobs that went from one state into another: by so much a recount cannot tell a mistake from what was just under way.
    moved bigint NOT NULL,
    enqueued bigint NOT NULL,
    claimed bigint NOT NULL,
    completed bigint NOT NULL,
    failures bigint NOT NULL,
    PRIMARY KEY (queue, since, coordinator)
) WITH (fillfactor = 50);
COMMENT ON TABLE sluice.queue_counts IS 'What coordinators saw of the queues, noted once a second; sums are what counts.';

CREATE TABLE sluice.coordinators (
    id uuid PRIMARY KEY,
    noted_at timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE sluice.coordinators IS 'Coordinators that run, and when each noted its counts last.';

CREATE TABLE sluice.recounts (
    only_row boolean PRIMARY KEY DEFAULT true,
    -- Raised by whoever mends the counts: one that counted before it mends nothing any more.
    generation bigint NOT NULL,
    counted_at timestamptz,
    CONSTRAINT recounts_only_row CHECK (only_row)
);
COMMENT ON TABLE sluice.recounts IS 'When the queues were counted last.';
INSERT INTO sluice.recounts (generation) VALUES (0);

ALTER TABLE sluice.worker_sessions
    -- An operator wants its worker to end: nothing more is claimed for it.
    ADD COLUMN retiring boolean NOT NULL DEFAULT false,
    -- Closed by its worker, not for its silence.
    ADD COLUMN said_goodbye boolean NOT NULL DEFAULT false;
CREATE INDEX worker_sessions_retiring ON sluice.worker_sessions (coordinator) WHERE retiring;

-- No index of sluice.jobs has what a claim changes. The bytes of an id sort as the id does. Nothing stands there as it is, so that
-- only who asks in these very words is led to these indexes, whatever the statistics say.
CREATE INDEX jobs_owner ON sluice.jobs (owner COLLATE "C", uuid_send(id));
CREATE INDEX job_history_owner ON sluice.job_history (owner COLLATE "C", uuid_send(id));
CREATE INDEX job_history_finished ON sluice.job_history (finished_at);
CREATE INDEX job_history_unsuccessful ON sluice.job_history (id) WHERE state COLLATE "C" <> 'completed';

-- As before, with these indexes.
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
    EXECUTE format('CREATE INDEX ON sluice.%I (owner COLLATE pg_catalog."C", pg_catalog.uuid_send(id))', partition);
    EXECUTE format('CREATE INDEX ON sluice.%I (finished_at)', partition);
    EXECUTE format('CREATE INDEX ON sluice.%I (id) WHERE state COLLATE pg_catalog."C" <> ''completed''', partition);
    EXECUTE format('CREATE INDEX ON sluice.%I (queue, finished_at) WHERE state = ''failed''', partition);
    EXECUTE format('ALTER TABLE sluice.job_history ATTACH PARTITION sluice.%I FOR VALUES FROM (%L) TO (%L)',
        partition, first, last);
    RETURN true;
END
$$;

REVOKE ALL ON sluice.queue_counts, sluice.coordinators, sluice.recounts FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON sluice.queue_counts, sluice.coordinators TO sluice_coordinator;
GRANT SELECT, UPDATE ON sluice.recounts TO sluice_coordinator;
