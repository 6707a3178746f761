-- Locks the files of an upload, in order of their id.
SELECT f.id
FROM public.upload_files AS f
WHERE f.upload_id = %(upload_id)s AND f.user_id = %(user_id)s
ORDER BY f.id
FOR UPDATE
