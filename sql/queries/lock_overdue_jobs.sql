-- Reap: the jobs whose attempt is past its deadline, whether or not their worker lives. Locks: jobs with SKIP LOCKED.
SELECT j.id, j.lease_token AS token
FROM sluice.jobs AS j
WHERE j.state = 'processing' AND j.started_at + j.deadline_ms * interval '1 millisecond' <= sluice.now()
LIMIT 1000
FOR UPDATE SKIP LOCKED
