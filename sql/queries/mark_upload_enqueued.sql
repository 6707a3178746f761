-- Closes an upload for further bytes; its jobs are made in the same transaction. Locks: upload_jobs.
UPDATE public.upload_jobs AS u
SET enqueued_at = sluice.now(), updated_at = sluice.now(), refusals = %(refusals)s::jsonb
WHERE u.id = %(upload_id)s
