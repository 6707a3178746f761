-- Removes the bytes of files that failed long ago: a retry of them answers CONTENT_EXPIRED. Index: upload_files_expiring.
WITH expired AS (
    UPDATE public.upload_files AS f
    SET retryable = false, updated_at = sluice.now()
    WHERE f.retryable AND f.finished_at < sluice.now() - %(days)s * interval '1 day'
    RETURNING f.id
)
DELETE FROM public.upload_file_chunks AS c
USING expired AS e
WHERE c.file_id = e.id
