-- New columns; older code keeps working, and heeds no limit. What operators set of a queue; null is not limited.
ALTER TABLE sluice.queues
    ADD COLUMN paused boolean NOT NULL DEFAULT false,
    -- Unfinished jobs.
    ADD COLUMN max_depth bigint,
    -- Jobs that are processing, in all and for each lane.
    ADD COLUMN max_running integer,
    ADD COLUMN max_running_per_lane integer,
    -- Claims a second, and how many at once after a rest.
    ADD COLUMN rate_per_second float8,
    ADD COLUMN rate_burst integer;
COMMENT ON TABLE sluice.queues IS 'Every queue that was ever enqueued into or set up, with its limits.';
