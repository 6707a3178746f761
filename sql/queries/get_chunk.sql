-- The chunk at an offset: a repeat of it is harmless.
SELECT c.size, c.content
FROM public.upload_file_chunks AS c
WHERE c.file_id = %(file_id)s AND c.chunk_offset = %(chunk_offset)s
