-- Locks the files of uploads that are to go, in order of their id, before the uploads themselves.
SELECT f.id
FROM public.upload_files AS f
WHERE f.upload_id = ANY (%(upload_ids)s::uuid[])
ORDER BY f.id
FOR UPDATE
