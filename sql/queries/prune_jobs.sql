-- Prune: completed, failed or cancelled → gone, where they finished before a time, oldest first. The contents of failed files go
-- with them: no retry would find their job. Locks: history by row, then upload_files.
-- Index: job_history's on finished_at in each day, or that of failed jobs by queue.
WITH old AS MATERIALIZED (
    SELECT h.id, h.finished_at
    FROM sluice.job_history AS h
    WHERE h.finished_at < %(finished_before)s
        AND (%(queue)s::text IS NULL OR h.queue = %(queue)s)
        AND (%(states)s::text[] IS NULL OR h.state = ANY (%(states)s::text[]))
    ORDER BY h.finished_at
    LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
),
gone AS (
    DELETE FROM sluice.job_history AS h
    USING old AS o
    WHERE h.id = o.id AND h.finished_at = o.finished_at
    RETURNING h.id, h.queue, h.state, h.file_id
),
files AS (
    UPDATE public.upload_files AS f
    SET retryable = false, updated_at = sluice.now()
    FROM gone AS g
    WHERE g.file_id IS NOT NULL AND f.id = g.file_id AND f.retryable
    RETURNING f.id
),
contents AS (
    DELETE FROM public.upload_file_chunks AS c
    USING files AS f
    WHERE c.file_id = f.id
)
SELECT g.queue, g.state, count(*) AS jobs
FROM gone AS g
GROUP BY g.queue, g.state
