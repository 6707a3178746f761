-- Stores the staged chunks; their files were inserted in this transaction.
INSERT INTO public.upload_file_chunks (file_id, chunk_offset, size, content)
SELECT s.file_id, s.chunk_offset, s.size, s.content
FROM staged_chunks AS s
