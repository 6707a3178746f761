-- New view; older code keeps working. The migration guide's table as a view for operators, so that its monitoring queries run.
CREATE VIEW public.file_processing_jobs AS
WITH all_jobs AS (
    SELECT id, file_id, state, attempt, max_attempts, errors, started_at, NULL::timestamptz AS finished_at
    FROM sluice.jobs
    WHERE file_id IS NOT NULL
    UNION ALL
    SELECT id, file_id, state, attempt, max_attempts, errors, started_at, finished_at
    FROM sluice.job_history
    WHERE file_id IS NOT NULL
)
SELECT
    j.id,
    f.upload_id AS upload_job_id,
    f.user_id,
    f.filename,
    NULL::text AS file_content,
    f.file_index,
    (SELECT count(*)::integer FROM public.upload_files AS m WHERE m.upload_id = f.upload_id AND NOT m.archive) AS total_files,
    CASE j.state WHEN 'scheduled' THEN 'pending' WHEN 'cancelled' THEN 'failed' ELSE j.state END AS status,
    CASE j.state WHEN 'cancelled' THEN 'cancelled' ELSE j.errors -> -1 ->> 'message' END AS error_message,
    greatest(j.attempt - 1, 0) AS retry_count,
    j.max_attempts - 1 AS max_retries,
    f.created_at,
    f.updated_at,
    j.started_at,
    j.finished_at AS completed_at
FROM all_jobs AS j
JOIN public.upload_files AS f ON f.id = j.file_id;
COMMENT ON VIEW public.file_processing_jobs IS 'For operators; clients read upload_files, which has row level security.';
REVOKE ALL ON public.file_processing_jobs FROM PUBLIC, anon, authenticated;
GRANT SELECT ON public.file_processing_jobs TO sluice_coordinator;
