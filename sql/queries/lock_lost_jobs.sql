-- Reap: the jobs that are leased to sessions which are over. What a commit has locked is left for the next round.
-- Locks: jobs with SKIP LOCKED. No bound by position: it would miss jobs that came back.
SELECT j.id, j.lease_token AS token
FROM sluice.jobs AS j
WHERE j.state = 'processing' AND j.session_id = ANY (%(session_ids)s::bigint[])
LIMIT 1000
FOR UPDATE SKIP LOCKED
