-- The next chunk of the file that a leased job is about, from an offset on. The fence is (job id, token).
-- One row where the lease holds: its chunk is null at the end of the file.
SELECT f.size AS file_size, c.chunk_offset, c.content
FROM sluice.jobs AS j
JOIN public.upload_files AS f ON f.id = j.file_id
LEFT JOIN LATERAL (
    SELECT k.chunk_offset, k.content
    FROM public.upload_file_chunks AS k
    WHERE k.file_id = f.id AND k.chunk_offset <= %(chunk_offset)s AND k.chunk_offset + k.size > %(chunk_offset)s
    ORDER BY k.chunk_offset DESC
    LIMIT 1
) AS c ON true
WHERE j.id = %(job_id)s AND j.lease_token = %(token)s
