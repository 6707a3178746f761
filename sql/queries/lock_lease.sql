-- The fence of a commit: nobody ends or takes the job while its rows come in.
-- Locks: the job.
SELECT j.id
FROM sluice.jobs AS j
WHERE j.id = %(job_id)s AND j.lease_token = %(token)s
FOR UPDATE
