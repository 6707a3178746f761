-- Removes an upload that was never enqueued, with its files and their bytes.
DELETE FROM public.upload_jobs AS u
WHERE u.id = %(upload_id)s AND u.user_id = %(user_id)s AND u.enqueued_at IS NULL
