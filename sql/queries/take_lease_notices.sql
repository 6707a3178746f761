-- Takes the word that was left for workers whose streams this coordinator has. Index: lease_notices_session.
DELETE FROM sluice.lease_notices AS n
WHERE n.session_id = ANY (%(session_ids)s::bigint[])
RETURNING n.session_id, n.job_id, n.token, n.reason
