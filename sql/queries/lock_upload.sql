-- Locks an upload of a person, after its files.
SELECT u.enqueued_at, u.expected_size
FROM public.upload_jobs AS u
WHERE u.id = %(upload_id)s AND u.user_id = %(user_id)s
FOR UPDATE
