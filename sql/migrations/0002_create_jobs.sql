-- New tables; older code keeps working. The queue: live jobs, what finished by day, who works, who takes turns.
CREATE TABLE sluice.queues (
    name text PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT sluice.now()
);
COMMENT ON TABLE sluice.queues IS 'Every queue that was ever enqueued into.';

CREATE TABLE sluice.queue_clocks (
    queue text NOT NULL,
    priority smallint NOT NULL,
    virtual_time bigint NOT NULL,
    PRIMARY KEY (queue, priority)
) WITH (fillfactor = 50);
COMMENT ON TABLE sluice.queue_clocks IS
    'Virtual time of fair queueing, in 2^-20 turns; each coordinator keeps it in memory and stores it once a second.';

CREATE TABLE sluice.lanes (
    queue text NOT NULL,
    priority smallint NOT NULL,
    lane text NOT NULL,
    last_position bigint NOT NULL,
    PRIMARY KEY (queue, priority, lane)
) WITH (fillfactor = 50);
COMMENT ON TABLE sluice.lanes IS 'The last position given in each lane; written once per enqueue statement.';

CREATE TABLE sluice.worker_sessions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    worker text NOT NULL,
    coordinator uuid NOT NULL,
    queues text[] NOT NULL,
    kinds text[] NOT NULL,
    open boolean NOT NULL DEFAULT true,
    opened_at timestamptz NOT NULL DEFAULT sluice.now(),
    expires_at timestamptz NOT NULL,
    closed_at timestamptz,
    -- All its jobs went back or ended: the reaper need not look again.
    settled boolean NOT NULL DEFAULT false,
    -- Of a ClaimBatch alone: its request and what it was given.
    request_id text UNIQUE,
    claimed_ids uuid[]
) WITH (fillfactor = 50);
CREATE INDEX worker_sessions_unsettled ON sluice.worker_sessions (expires_at) WHERE NOT settled;
COMMENT ON TABLE sluice.worker_sessions IS 'A claim stream, or one ClaimBatch: leases live as long as it is open.';

CREATE TABLE sluice.jobs (
    id uuid PRIMARY KEY,
    queue text NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    priority smallint NOT NULL,
    -- Turn in the queue, in 2^-20 turns; null while the job waits for its time.
    position bigint,
    lane text,
    owner text NOT NULL,
    -- The upload file that the job is about; null for jobs of other kinds.
    file_id uuid,
    payload bytea NOT NULL,
    size bigint NOT NULL,
    run_at timestamptz,
    attempt integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL,
    deadline_ms bigint NOT NULL,
    backoff_base_ms bigint NOT NULL,
    backoff_factor real NOT NULL,
    backoff_ceiling_ms bigint NOT NULL,
    lease_token bigint,
    session_id bigint,
    started_at timestamptz,
    -- The token given up last and the verb that ended it: that verb may be repeated.
    ended_token bigint,
    ended_verb text,
    errors jsonb,
    created_at timestamptz NOT NULL DEFAULT sluice.now(),
    CONSTRAINT jobs_state CHECK (state IN ('pending', 'scheduled', 'processing')),
    CONSTRAINT jobs_position CHECK ((position IS NULL) = (state = 'scheduled')),
    CONSTRAINT jobs_run_at CHECK ((run_at IS NOT NULL) = (state = 'scheduled')),
    CONSTRAINT jobs_lease CHECK ((lease_token IS NOT NULL) = (state = 'processing')),
    CONSTRAINT jobs_attempt CHECK (attempt BETWEEN 0 AND max_attempts)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
-- No index has the state, the token or the session, in a column or a predicate: that keeps claims heap-only.
CREATE INDEX jobs_claim ON sluice.jobs (queue, kind, priority, position);
CREATE INDEX jobs_due ON sluice.jobs (run_at) WHERE run_at IS NOT NULL;
COMMENT ON TABLE sluice.jobs IS 'Jobs that have not ended.';

CREATE TABLE sluice.job_history (
    id uuid NOT NULL,
    queue text NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    priority smallint NOT NULL,
    lane text,
    owner text NOT NULL,
    file_id uuid,
    -- Kept of failed jobs alone: a redrive needs it.
    payload bytea,
    size bigint NOT NULL,
    attempt integer NOT NULL,
    max_attempts integer NOT NULL,
    deadline_ms bigint NOT NULL,
    backoff_base_ms bigint NOT NULL,
    backoff_factor real NOT NULL,
    backoff_ceiling_ms bigint NOT NULL,
    started_at timestamptz,
    ended_token bigint,
    ended_verb text,
    errors jsonb,
    created_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    CONSTRAINT job_history_state CHECK (state IN ('completed', 'failed', 'cancelled'))
) PARTITION BY RANGE (finished_at);
CREATE INDEX job_history_id ON sluice.job_history (id);
COMMENT ON TABLE sluice.job_history IS 'Jobs that ended, by UTC day.';

CREATE TABLE sluice.enqueue_keys (
    owner text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    result_ids uuid[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT sluice.now(),
    PRIMARY KEY (owner, key)
);
COMMENT ON TABLE sluice.enqueue_keys IS 'Idempotency keys with the hash of their request and its first result.';

CREATE FUNCTION sluice.append_error(errors jsonb, error jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE
        WHEN errors IS NULL THEN jsonb_build_array(error)
        WHEN jsonb_array_length(errors) < 50 THEN errors || error
        ELSE (errors - 1) || error
    END
$$;
COMMENT ON FUNCTION sluice.append_error(jsonb, jsonb) IS 'Keeps the first error and the last 49.';

CREATE FUNCTION sluice.backoff(attempt integer, base_ms bigint, factor real, ceiling_ms bigint) RETURNS interval
LANGUAGE sql VOLATILE
AS $$
    SELECT random() * least(ceiling_ms, base_ms * least(factor::float8 ^ (attempt - 1), 1e12)) * interval '1 millisecond'
$$;
COMMENT ON FUNCTION sluice.backoff(integer, bigint, real, bigint) IS
    'Full jitter: evenly between 0 and min(ceiling, base * factor^(attempt - 1)).';

CREATE FUNCTION sluice.virtual_time(queue text, priority smallint) RETURNS bigint
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(
        (SELECT c.virtual_time FROM sluice.queue_clocks AS c WHERE c.queue = $1 AND c.priority = $2), 0)
$$;
COMMENT ON FUNCTION sluice.virtual_time(text, smallint) IS 'The position of a job that comes back: next in its lane.';

-- Made plain and attached: CREATE … PARTITION OF would wait for every reader of the history. The coordinator
-- does not own the table, hence the rights of the definer.
CREATE FUNCTION sluice.create_history_partition(day date) RETURNS boolean
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

CREATE FUNCTION sluice.drop_history_partition(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = '' SET lock_timeout = '100ms'
AS $$
BEGIN
    EXECUTE format('DROP TABLE sluice.%I', 'job_history_' || to_char(day, 'YYYYMMDD'));
END
$$;

SELECT sluice.create_history_partition(d::date)
FROM generate_series((now() AT TIME ZONE 'UTC')::date - 1, (now() AT TIME ZONE 'UTC')::date + 7, interval '1 day') AS d;

REVOKE ALL ON ALL TABLES IN SCHEMA sluice FROM PUBLIC, anon, authenticated;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA sluice FROM PUBLIC, anon, authenticated;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA sluice FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    sluice.queues, sluice.queue_clocks, sluice.lanes, sluice.worker_sessions, sluice.jobs, sluice.job_history, sluice.enqueue_keys
    TO sluice_coordinator;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA sluice TO sluice_coordinator;
