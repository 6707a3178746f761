-- New columns; older code keeps working until a limit is set. What it takes to hold a queue to its limits.
ALTER TABLE sluice.queues
    -- Claims from this queue ask for its limits first, one after the other. A queue without any is claimed from without.
    ADD COLUMN guarded boolean NOT NULL GENERATED ALWAYS AS (
        paused OR max_running IS NOT NULL OR max_running_per_lane IS NOT NULL OR rate_per_second IS NOT NULL
    ) STORED,
    -- How often it was about to be guarded anew, and whether all that was leased before that has its slot.
    ADD COLUMN guards bigint NOT NULL DEFAULT 0,
    ADD COLUMN counted boolean NOT NULL DEFAULT false,
    -- Jobs may be kept back here until their lane has room.
    ADD COLUMN keeps_back boolean NOT NULL DEFAULT false,
    -- What is left in the bucket of claims, and as of when.
    ADD COLUMN rate_tokens float8 NOT NULL DEFAULT 0,
    ADD COLUMN rate_at timestamptz NOT NULL DEFAULT sluice.now();

ALTER TABLE sluice.jobs
    -- Counts against its queue's limits; null where there are none. admitted: pending, let in from those kept back.
    ADD COLUMN slot text,
    -- The position of a pending job that is kept back, out of the claim index, until its lane has room.
    ADD COLUMN kept_position bigint,
    ADD CONSTRAINT jobs_slot CHECK (
        slot IS NULL OR (slot = 'admitted' AND state = 'pending') OR (slot = 'running' AND state = 'processing')),
    ADD CONSTRAINT jobs_kept_position CHECK (kept_position IS NULL OR (state = 'pending' AND slot IS NULL)),
    DROP CONSTRAINT jobs_position,
    ADD CONSTRAINT jobs_position CHECK ((position IS NULL) = (state = 'scheduled' OR kept_position IS NOT NULL));

CREATE INDEX jobs_slots ON sluice.jobs (queue, slot, lane) WHERE slot IS NOT NULL;
CREATE INDEX jobs_kept ON sluice.jobs (queue, lane, kind, priority, kept_position) WHERE kept_position IS NOT NULL;
-- For the depth of a queue: what waits for its time. Said otherwise than in jobs_due, whose readers would take it for theirs.
CREATE INDEX jobs_scheduled ON sluice.jobs (queue) WHERE position IS NULL AND kept_position IS NULL;

CREATE FUNCTION sluice.rate_tokens(queue sluice.queues) RETURNS float8
LANGUAGE sql STABLE
AS $$
    SELECT least(
        queue.rate_burst,
        queue.rate_tokens
            + greatest(0, extract(epoch FROM sluice.now() - queue.rate_at)::float8) * queue.rate_per_second)
$$;
COMMENT ON FUNCTION sluice.rate_tokens(sluice.queues) IS 'How many claims a queue with a rate limit has in its bucket now.';
REVOKE ALL ON FUNCTION sluice.rate_tokens(sluice.queues) FROM PUBLIC, anon, authenticated;
GRANT EXECUTE ON FUNCTION sluice.rate_tokens(sluice.queues) TO sluice_coordinator;
