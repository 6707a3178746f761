-- Forget: a person's unfinished jobs, whatever their state; a token becomes void, and a worker that has one is told by a
-- notice. Somebody else's job in the person's lane stays, without the lane, and is kept back no longer. Nothing goes into
-- history. Tells how many jobs have gone, by what of them is counted and kept within limits; and, a row each, where those stand
-- that are kept back no longer.
-- Locks: jobs by id. Reads live jobs from end to end.
WITH mine AS (
    SELECT j.id, j.kept_position IS NOT NULL AS kept
    FROM sluice.jobs AS j
    WHERE j.owner = %(owner)s OR j.lane = %(owner)s
    ORDER BY j.id
    FOR UPDATE
),
gone AS (
    DELETE FROM sluice.jobs AS j
    USING mine AS m
    WHERE j.id = m.id AND j.owner = %(owner)s
    RETURNING j.id, j.queue, j.lane, j.state, j.lease_token, j.session_id
),
strangers AS (
    UPDATE sluice.jobs AS j
    SET lane = NULL, position = coalesce(j.position, j.kept_position), kept_position = NULL
    FROM mine AS m
    WHERE j.id = m.id AND j.owner <> %(owner)s
    RETURNING j.queue, j.kind, j.priority, j.position, m.kept
),
notices AS (
    INSERT INTO sluice.lease_notices (session_id, job_id, token, reason)
    SELECT g.session_id, g.id, g.lease_token, 'cancelled'
    FROM gone AS g
    WHERE g.lease_token IS NOT NULL
)
SELECT
    g.queue, g.lane, g.state, q.guarded, q.keeps_back, count(*) AS jobs, count(g.lease_token) AS held,
    NULL AS kind, NULL::smallint AS priority, NULL::bigint AS position
FROM gone AS g
LEFT JOIN sluice.queues AS q ON q.name = g.queue
GROUP BY g.queue, g.lane, g.state, q.guarded, q.keeps_back
UNION ALL
SELECT s.queue, NULL, 'pending', true, true, 0, 0, s.kind, s.priority, s.position
FROM strangers AS s
WHERE s.kept
