-- Removes those of the uploads that were not enqueued meanwhile, with their files and bytes.
-- Locks: upload_jobs, after upload_files.
DELETE FROM public.upload_jobs AS u
WHERE u.id = ANY (%(upload_ids)s::uuid[]) AND u.enqueued_at IS NULL
