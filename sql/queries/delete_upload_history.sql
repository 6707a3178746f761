-- Removes from history what an upload's jobs have left there, counted by what is counted of them.
-- Locks: history by row, in order of the id, before upload_files (as redrive does). Index: job_history's on id in each day.
WITH gone AS (
    DELETE FROM sluice.job_history AS h
    WHERE h.id = ANY (ARRAY(
        SELECT o.id
        FROM sluice.job_history AS o
        WHERE o.id = ANY (ARRAY(
            SELECT f.job_id
            FROM public.upload_files AS f
            WHERE f.upload_id = %(upload_id)s AND f.user_id = %(user_id)s AND f.job_id IS NOT NULL
        ))
        ORDER BY o.id
        FOR UPDATE
    ))
    RETURNING h.queue, h.state
)
SELECT g.queue, g.state, count(*) AS jobs
FROM gone AS g
GROUP BY g.queue, g.state
