-- Removes an upload with its files and their bytes. Whether that may be was found out under its lock.
-- Locks: upload_jobs, after upload_files.
DELETE FROM public.upload_jobs AS u
WHERE u.id = %(upload_id)s AND u.user_id = %(user_id)s
