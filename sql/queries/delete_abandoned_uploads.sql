-- Removes uploads that were created long ago and never enqueued, with their bytes. Index: upload_jobs_abandoned.
DELETE FROM public.upload_jobs AS u
WHERE u.enqueued_at IS NULL AND u.created_at < sluice.now() - %(hours)s * interval '1 hour'
