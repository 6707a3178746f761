-- Stores a chunk and moves the file's size on to its end. Locks: the upload_files row.
WITH chunk AS (
    INSERT INTO public.upload_file_chunks (file_id, chunk_offset, size, content)
    VALUES (%(file_id)s, %(chunk_offset)s, %(size)s, %(content)s)
)
UPDATE public.upload_files AS f
SET size = %(chunk_offset)s + %(size)s, updated_at = sluice.now()
WHERE f.id = %(file_id)s
