-- Marks closed sessions whose every job went back or ended, so that the reaper need not look again.
UPDATE sluice.worker_sessions AS s
SET settled = true
WHERE s.id = ANY (%(session_ids)s::bigint[])
    AND NOT s.open
    AND s.id <> ALL (ARRAY(
        SELECT DISTINCT j.session_id
        FROM sluice.jobs AS j
        WHERE j.state = 'processing' AND j.session_id = ANY (%(session_ids)s::bigint[])
    ))
