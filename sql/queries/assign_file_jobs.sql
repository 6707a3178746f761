-- Notes which job each file is. Locks: upload_files.
UPDATE public.upload_files AS f
SET job_id = made.job_id, updated_at = sluice.now()
FROM unnest(%(file_ids)s::uuid[], %(job_ids)s::uuid[]) AS made (file_id, job_id)
WHERE f.id = made.file_id
