-- Forget: a person's uploads whose files are gone. One that has got a file since is left: its next chunk may have the file
-- locked and wait for the upload. Locks: upload_jobs, after upload_files. Index: upload_jobs_user.
DELETE FROM public.upload_jobs AS u
WHERE u.user_id = %(user_id)s
    AND NOT EXISTS (SELECT FROM public.upload_files AS f WHERE f.upload_id = u.id)
RETURNING u.id
