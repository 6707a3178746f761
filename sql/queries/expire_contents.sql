-- Removes the bytes of files that failed long ago: a retry of them answers CONTENT_EXPIRED. At most 100 at a time.
-- Index: upload_files_expiring.
WITH expired AS (
    UPDATE public.upload_files AS f
    SET retryable = false, updated_at = sluice.now()
    WHERE f.id = ANY (ARRAY(
        SELECT o.id
        FROM public.upload_files AS o
        WHERE o.retryable AND o.finished_at < sluice.now() - %(days)s * interval '1 day'
        LIMIT 100
    )) AND f.retryable
    RETURNING f.id
),
contents AS (
    DELETE FROM public.upload_file_chunks AS c
    USING expired AS e
    WHERE c.file_id = e.id
)
SELECT id
FROM expired
