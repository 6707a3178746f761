-- Stages the bytes of an archive's members, as binary tuples that come from the client.
COPY staged_chunks (file_id, chunk_offset, size, content) FROM STDIN (FORMAT binary)
