-- The fence of AddFiles: the unpack job, held under this token, and the archive's row, before the members' rows take
-- the upload. Locks: the job, then its upload_files row, after the user.
SELECT j.id
FROM sluice.jobs AS j
JOIN public.upload_files AS f ON f.id = j.file_id AND f.archive
WHERE j.id = %(job_id)s AND j.lease_token = %(token)s
FOR UPDATE OF j, f
