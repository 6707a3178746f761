-- Forget: a person's jobs that have ended, counted by what is counted of them, and the name of their lane where somebody
-- else's job stood in it.
-- Locks: history by row, before live jobs: whoever takes a job out of it goes on to those. Reads history from end to end.
WITH strangers AS (
    UPDATE sluice.job_history AS h
    SET lane = NULL
    WHERE h.lane = %(owner)s AND h.owner <> %(owner)s
),
gone AS (
    DELETE FROM sluice.job_history AS h
    WHERE h.owner = %(owner)s
    RETURNING h.queue, h.state
)
SELECT g.queue, g.state, count(*) AS jobs
FROM gone AS g
GROUP BY g.queue, g.state
