-- Drops what uploads that are still coming in said of their size; they may be enqueued at any size then.
ALTER TABLE public.upload_jobs DROP COLUMN expected_size;
