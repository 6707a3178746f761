-- How much of an upload's first file is there, and until when more is taken. An archive is the first of its upload, for
-- its members come after it.
SELECT
    u.filename,
    u.expected_size,
    coalesce((
        SELECT f.size
        FROM public.upload_files AS f
        WHERE f.upload_id = u.id
        ORDER BY f.archive DESC, f.file_index
        LIMIT 1
    ), 0) AS size,
    u.enqueued_at IS NOT NULL AS enqueued,
    u.created_at + %(hours)s * interval '1 hour' AS expires_at,
    u.enqueued_at IS NULL AND u.created_at < sluice.now() - %(hours)s * interval '1 hour' AS expired
FROM public.upload_jobs AS u
WHERE u.id = %(upload_id)s AND u.user_id = %(user_id)s
