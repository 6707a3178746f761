-- Forget: a person's files with their bytes. Locks: upload_files by id. Index: upload_files_user.
WITH mine AS (
    SELECT f.id
    FROM public.upload_files AS f
    WHERE f.user_id = %(user_id)s
    ORDER BY f.id
    FOR UPDATE
)
DELETE FROM public.upload_files AS f
USING mine AS m
WHERE f.id = m.id
