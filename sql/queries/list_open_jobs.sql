-- The jobs of an upload's files that have not ended.
SELECT f.job_id
FROM public.upload_files AS f
WHERE f.upload_id = %(upload_id)s AND f.user_id = %(user_id)s
    AND f.status IN ('pending', 'processing') AND f.job_id IS NOT NULL
ORDER BY f.job_id
