-- Begins a file of an upload, or finds and locks it where it was begun. Locks: the upload_files row.
INSERT INTO public.upload_files AS f (id, upload_id, user_id, archive, file_index, filename)
SELECT %(file_id)s, u.id, u.user_id, %(archive)s, %(file_index)s, %(filename)s
FROM public.upload_jobs AS u
WHERE u.id = %(upload_id)s AND u.user_id = %(user_id)s
ON CONFLICT (upload_id, archive, file_index) DO UPDATE
SET updated_at = sluice.now()
RETURNING f.id, f.filename, f.size
