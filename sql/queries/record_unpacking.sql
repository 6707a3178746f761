-- Tells on the upload what of its archive was skipped and refused. Locks: upload_jobs, after upload_files.
UPDATE public.upload_jobs AS u
SET skipped_files = u.skipped_files + %(skipped_files)s, refusals = u.refusals || %(refusals)s::jsonb, updated_at = sluice.now()
WHERE u.id = %(upload_id)s
