-- Seconds until the next scheduled job is due; null where none waits. Index: jobs_due.
SELECT extract(epoch FROM min(j.run_at) - sluice.now())::float8 AS seconds
FROM sluice.jobs AS j
WHERE j.run_at IS NOT NULL
