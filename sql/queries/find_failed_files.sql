-- The failed files of an upload whose content is still there, by the jobs that they are.
SELECT f.job_id
FROM public.upload_files AS f
WHERE f.upload_id = %(upload_id)s AND f.user_id = %(user_id)s AND f.status = 'failed' AND f.retryable
ORDER BY f.id
