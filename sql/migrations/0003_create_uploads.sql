-- New tables; older code keeps working. A person's uploads, their files, and the files' bytes while they are needed.
CREATE TABLE public.upload_jobs (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    filename text NOT NULL,
    skipped_files integer NOT NULL DEFAULT 0,
    refusals jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL DEFAULT sluice.now(),
    updated_at timestamptz NOT NULL DEFAULT sluice.now(),
    -- Null while bytes are still coming in.
    enqueued_at timestamptz
);
CREATE INDEX upload_jobs_user ON public.upload_jobs (user_id, created_at, id);
CREATE INDEX upload_jobs_abandoned ON public.upload_jobs (created_at) WHERE enqueued_at IS NULL;
COMMENT ON TABLE public.upload_jobs IS 'A batch; its status and counters are added up from its files when it is read.';

CREATE TABLE public.upload_files (
    id uuid PRIMARY KEY,
    upload_id uuid NOT NULL REFERENCES public.upload_jobs (id) ON DELETE CASCADE,
    user_id uuid NOT NULL,
    -- An archive is opened by a worker and its members take its place; it is no file of the upload itself.
    archive boolean NOT NULL,
    file_index integer NOT NULL,
    filename text NOT NULL,
    format text,
    size bigint NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'pending',
    attempts integer NOT NULL DEFAULT 0,
    job_id uuid,
    total_records bigint NOT NULL DEFAULT 0,
    inserted_records bigint NOT NULL DEFAULT 0,
    duplicate_records bigint NOT NULL DEFAULT 0,
    rejected_records bigint NOT NULL DEFAULT 0,
    superseded_records bigint NOT NULL DEFAULT 0,
    rejections jsonb NOT NULL DEFAULT '{}',
    error_reason text,
    error_message text,
    -- Its content is kept for another try.
    retryable boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT sluice.now(),
    updated_at timestamptz NOT NULL DEFAULT sluice.now(),
    finished_at timestamptz,
    UNIQUE (upload_id, archive, file_index),
    CONSTRAINT upload_files_status CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled')),
    CONSTRAINT upload_files_totals CHECK (total_records = inserted_records + duplicate_records + rejected_records)
) WITH (fillfactor = 70);
CREATE INDEX upload_files_user ON public.upload_files (user_id);
CREATE INDEX upload_files_expiring ON public.upload_files (finished_at) WHERE retryable;
COMMENT ON TABLE public.upload_files IS 'One export file, which is one job; written by whatever claims, ends or returns it.';

CREATE TABLE public.upload_file_chunks (
    file_id uuid NOT NULL REFERENCES public.upload_files (id) ON DELETE CASCADE,
    chunk_offset bigint NOT NULL,
    -- Bytes before compression, at most 1 MiB.
    size integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (file_id, chunk_offset)
);
-- Compressed before it comes here: a second time would only cost.
ALTER TABLE public.upload_file_chunks ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE public.upload_file_chunks IS 'A file''s bytes, each chunk a zlib stream; gone once its job completed or was cancelled.';

REVOKE ALL ON public.upload_jobs, public.upload_files, public.upload_file_chunks FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.upload_jobs, public.upload_files, public.upload_file_chunks TO sluice_coordinator;
GRANT SELECT ON public.upload_jobs, public.upload_files TO authenticated;

ALTER TABLE public.upload_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.upload_files ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.upload_file_chunks ENABLE ROW LEVEL SECURITY;
CREATE POLICY "Users can view own uploads" ON public.upload_jobs
    FOR SELECT TO authenticated USING ((SELECT auth.uid()) = user_id);
CREATE POLICY "Users can view own files" ON public.upload_files
    FOR SELECT TO authenticated USING ((SELECT auth.uid()) = user_id);
CREATE POLICY "Coordinator" ON public.upload_jobs TO sluice_coordinator USING (true) WITH CHECK (true);
CREATE POLICY "Coordinator" ON public.upload_files TO sluice_coordinator USING (true) WITH CHECK (true);
CREATE POLICY "Coordinator" ON public.upload_file_chunks TO sluice_coordinator USING (true) WITH CHECK (true);
