-- Forget: a person's unfinished jobs, whatever their state; a token becomes void, and a worker that has one is told by a
-- notice. Somebody else's job in the person's lane stays, without the lane. Nothing goes into history.
-- Locks: jobs by id. Reads live jobs from end to end.
WITH mine AS (
    SELECT j.id
    FROM sluice.jobs AS j
    WHERE j.owner = %(owner)s OR j.lane = %(owner)s
    ORDER BY j.id
    FOR UPDATE
),
gone AS (
    DELETE FROM sluice.jobs AS j
    USING mine AS m
    WHERE j.id = m.id AND j.owner = %(owner)s
    RETURNING j.id, j.lease_token, j.session_id
),
strangers AS (
    UPDATE sluice.jobs AS j
    SET lane = NULL
    FROM mine AS m
    WHERE j.id = m.id AND j.owner <> %(owner)s
),
notices AS (
    INSERT INTO sluice.lease_notices (session_id, job_id, token, reason)
    SELECT g.session_id, g.id, g.lease_token, 'cancelled'
    FROM gone AS g
    WHERE g.lease_token IS NOT NULL
)
SELECT count(*) AS jobs, count(g.lease_token) AS held
FROM gone AS g
