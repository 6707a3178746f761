-- Takes the word that was left for workers whose streams one coordinator has. Mostly there is none: no other table is read then.
-- Index: primary key of worker_sessions.
DELETE FROM sluice.lease_notices AS n
USING sluice.worker_sessions AS s
WHERE s.id = n.session_id AND s.coordinator = %(coordinator)s
RETURNING n.session_id, n.job_id, n.token, n.reason
