-- Where an archive's chunks land first, before any lock is taken; and COPY into a table with row level security is
-- refused. Locks: nothing that others see.
CREATE TEMPORARY TABLE staged_chunks (
    file_id uuid NOT NULL,
    chunk_offset bigint NOT NULL,
    size integer NOT NULL,
    content bytea NOT NULL
) ON COMMIT DROP
