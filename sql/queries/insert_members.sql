-- Stores the members of an archive as files of its upload, after those that are there. Under the user's lock, for
-- another archive of the upload would count on from the same file. Locks: new upload_files rows.
INSERT INTO public.upload_files (id, upload_id, user_id, archive, file_index, filename, format, size)
SELECT
    m.id, %(upload_id)s, %(user_id)s, false,
    coalesce((SELECT max(f.file_index) + 1 FROM public.upload_files AS f WHERE f.upload_id = %(upload_id)s AND NOT f.archive), 0) + m.place - 1,
    m.filename, m.format, m.size
FROM unnest(%(ids)s::uuid[], %(filenames)s::text[], %(formats)s::text[], %(sizes)s::bigint[])
    WITH ORDINALITY AS m (id, filename, format, size, place)
