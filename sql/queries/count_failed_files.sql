-- How many files of an upload have failed; no row where the person has no such upload.
SELECT (
    SELECT count(*) FROM public.upload_files AS f WHERE f.upload_id = u.id AND f.status = 'failed'
) AS failed
FROM public.upload_jobs AS u
WHERE u.id = %(upload_id)s AND u.user_id = %(user_id)s
