-- Drops every job, unfinished ones too.
DROP FUNCTION sluice.drop_history_partition(date);
DROP FUNCTION sluice.create_history_partition(date);
DROP FUNCTION sluice.virtual_time(text, smallint);
DROP FUNCTION sluice.backoff(integer, bigint, real, bigint);
DROP FUNCTION sluice.append_error(jsonb, jsonb);
DROP TABLE sluice.enqueue_keys, sluice.job_history, sluice.jobs, sluice.worker_sessions, sluice.lanes, sluice.queue_clocks, sluice.queues;
