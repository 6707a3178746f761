-- Ends an upload whose bytes are still coming in: its files end cancelled, what came of them goes, and no more is taken.
-- Locks: what lock_upload_files and lock_upload have locked already.
WITH files AS (
    UPDATE public.upload_files AS f
    SET status = 'cancelled', updated_at = sluice.now(), finished_at = sluice.now()
    WHERE f.upload_id = %(upload_id)s
    RETURNING f.id
),
contents AS (
    DELETE FROM public.upload_file_chunks AS c
    USING files AS f
    WHERE c.file_id = f.id
)
UPDATE public.upload_jobs AS u
SET enqueued_at = sluice.now(), updated_at = sluice.now()
WHERE u.id = %(upload_id)s AND u.enqueued_at IS NULL
