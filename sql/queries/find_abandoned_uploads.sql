-- Uploads that were created long ago and never enqueued. At most 20 at a time. Index: upload_jobs_abandoned.
SELECT u.id
FROM public.upload_jobs AS u
WHERE u.enqueued_at IS NULL AND u.created_at < sluice.now() - %(hours)s * interval '1 hour'
ORDER BY u.created_at
LIMIT 20
