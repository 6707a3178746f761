-- Keeps an upload from being enqueued, and from growing elsewhere, while a chunk of it is stored and counted. Weaker
-- than FOR UPDATE: new files of the upload, whose key refers to it, need not wait until then and cannot deadlock.
-- Locks: upload_jobs FOR NO KEY UPDATE, after upload_files.
SELECT u.enqueued_at, u.expected_size, u.created_at < sluice.now() - %(hours)s * interval '1 hour' AS expired
FROM public.upload_jobs AS u
WHERE u.id = %(upload_id)s AND u.user_id = %(user_id)s
FOR NO KEY UPDATE
