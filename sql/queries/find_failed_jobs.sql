-- Failed jobs that fit a filter and can be redriven, oldest first. Index: job_history_failed in each day.
SELECT h.id
FROM sluice.job_history AS h
WHERE h.queue = %(queue)s AND h.state = 'failed'
    AND (%(kind)s::text IS NULL OR h.kind = %(kind)s)
    AND (%(owner)s::text IS NULL OR h.owner = %(owner)s)
    AND (%(reason)s::text IS NULL OR h.errors -> -1 ->> 'reason' = %(reason)s)
    AND (%(failed_from)s::timestamptz IS NULL OR h.finished_at >= %(failed_from)s)
    AND (%(failed_until)s::timestamptz IS NULL OR h.finished_at < %(failed_until)s)
    AND (h.file_id IS NULL OR EXISTS (SELECT FROM public.upload_files AS f WHERE f.id = h.file_id AND f.retryable))
    AND NOT EXISTS (
        SELECT FROM sluice.jobs AS j
        WHERE j.owner = h.owner AND j.queue = h.queue AND j.unique_key = h.unique_key AND j.unique_key IS NOT NULL)
ORDER BY h.finished_at
LIMIT %(most)s
