-- The upload file of a job, for whoever holds (job id, token); a row without a file where the job is about none.
SELECT f.id AS file_id, f.upload_id, f.user_id, f.archive
FROM sluice.jobs AS j
LEFT JOIN public.upload_files AS f ON f.id = j.file_id
WHERE j.id = %(job_id)s AND j.lease_token = %(token)s
