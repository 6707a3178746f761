-- Keeps an upload from being enqueued while a chunk of it is stored. Locks: upload_jobs FOR SHARE, after upload_files.
SELECT u.enqueued_at
FROM public.upload_jobs AS u
WHERE u.id = %(upload_id)s AND u.user_id = %(user_id)s
FOR SHARE
