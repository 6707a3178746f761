-- The files of an upload as jobs are to be made of them.
SELECT f.id, f.archive, f.filename, f.size
FROM public.upload_files AS f
WHERE f.upload_id = %(upload_id)s
ORDER BY f.archive, f.file_index
