-- A new column; older code keeps working. An upload may say how many bytes its only file will have.
ALTER TABLE public.upload_jobs
    ADD COLUMN expected_size bigint,
    ADD CONSTRAINT upload_jobs_expected_size CHECK (expected_size > 0);
COMMENT ON COLUMN public.upload_jobs.expected_size IS
    'Bytes that its only file will have, where whoever began it said so: it is not enqueued with others.';
