-- Expire: the jobs that nobody took in their time. Index: jobs_expiring. Locks: jobs with SKIP LOCKED.
SELECT j.id, NULL::bigint AS token
FROM sluice.jobs AS j
WHERE j.expires_at <= sluice.now() AND j.attempt = 0 AND j.lease_token IS NULL
ORDER BY j.expires_at
LIMIT 1000
FOR UPDATE SKIP LOCKED
