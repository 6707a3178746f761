-- Removes uploads that were created long ago and never enqueued, with their bytes. At most 20 at a time.
-- Index: upload_jobs_abandoned.
DELETE FROM public.upload_jobs AS u
WHERE u.id = ANY (ARRAY(
    SELECT o.id
    FROM public.upload_jobs AS o
    WHERE o.enqueued_at IS NULL AND o.created_at < sluice.now() - %(hours)s * interval '1 hour'
    LIMIT 20
)) AND u.enqueued_at IS NULL
