-- The fence of AddFiles: the unpack job, held under this token, and the upload that its members go to. Locks: the job,
-- then its upload_files row, before the members' rows take the upload.
SELECT f.id AS file_id, f.upload_id, f.user_id
FROM sluice.jobs AS j
JOIN public.upload_files AS f ON f.id = j.file_id AND f.archive
WHERE j.id = %(job_id)s AND j.lease_token = %(token)s
FOR UPDATE OF j, f
