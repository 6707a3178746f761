-- Drops pauses and limits.
ALTER TABLE sluice.queues
    DROP COLUMN paused, DROP COLUMN max_depth, DROP COLUMN max_running, DROP COLUMN max_running_per_lane,
    DROP COLUMN rate_per_second, DROP COLUMN rate_burst;
COMMENT ON TABLE sluice.queues IS 'Every queue that was ever enqueued into.';
