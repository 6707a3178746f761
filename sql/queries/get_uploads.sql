-- A person's uploads, newest first (or the one asked for), each with its counters and status added up from its files
-- in this one statement. Files, refusals and rejected rows come with a whole upload alone, the number of
-- refusals always. Index: upload_jobs_user, then upload_files' key on the upload, the key of jobs for a file's progress.
WITH page AS (
    SELECT u.id, u.filename, u.skipped_files, u.refusals, u.created_at, u.updated_at, u.enqueued_at, u.expected_size
    FROM public.upload_jobs AS u
    WHERE u.user_id = %(user_id)s
        AND (%(upload_id)s::uuid IS NULL OR u.id = %(upload_id)s)
        AND (%(before_time)s::timestamptz IS NULL OR (u.created_at, u.id) < (%(before_time)s, %(before_id)s::uuid))
    ORDER BY u.created_at DESC, u.id DESC
    LIMIT %(page_size)s
),
files AS (
    SELECT
        f.upload_id,
        count(*) FILTER (WHERE f.archive AND f.status IN ('pending', 'processing')) AS closed_archives,
        count(*) FILTER (WHERE NOT f.archive) AS total_files,
        count(*) FILTER (WHERE NOT f.archive AND f.status IN ('completed', 'failed', 'cancelled')) AS processed_files,
        count(*) FILTER (WHERE NOT f.archive AND f.status = 'completed') AS completed_files,
        count(*) FILTER (WHERE NOT f.archive AND f.status = 'failed') AS failed_files,
        count(*) FILTER (WHERE f.status = 'failed') AS failures,
        count(*) FILTER (WHERE f.status = 'cancelled') AS cancelled_files,
        coalesce(bool_or(f.attempts > 0) FILTER (WHERE NOT f.archive), false) AS begun,
        coalesce(sum(f.size), 0)::bigint AS size,
        coalesce(sum(f.total_records), 0)::bigint AS total_records,
        coalesce(sum(f.inserted_records), 0)::bigint AS inserted_records,
        coalesce(sum(f.duplicate_records), 0)::bigint AS duplicate_records,
        coalesce(sum(f.rejected_records), 0)::bigint AS rejected_records,
        coalesce(sum(f.superseded_records), 0)::bigint AS superseded_records,
        (array_agg(f.error_message ORDER BY f.archive DESC, f.file_index) FILTER (WHERE f.status = 'failed'))[1] AS first_error,
        (array_agg(f.error_reason ORDER BY f.archive DESC, f.file_index) FILTER (WHERE f.status = 'failed'))[1] AS first_reason,
        max(f.updated_at) AS updated_at,
        jsonb_agg(jsonb_build_object(
            'id', f.id, 'index', f.file_index, 'filename', f.filename, 'format', f.format, 'status', f.status,
            'attempts', f.attempts, 'total_records', f.total_records, 'inserted_records', f.inserted_records,
            'duplicate_records', f.duplicate_records, 'rejected_records', f.rejected_records,
            'superseded_records', f.superseded_records, 'rejections', f.rejections, 'error_reason', f.error_reason,
            'error_message', f.error_message, 'retryable', f.retryable, 'size', f.size, 'read_bytes',
            CASE f.status WHEN 'completed' THEN f.size ELSE coalesce((j.progress ->> 'done')::bigint, 0) END
        ) ORDER BY f.file_index) FILTER (WHERE %(whole)s AND NOT f.archive) AS files
    FROM page AS p
    JOIN public.upload_files AS f ON f.upload_id = p.id
    LEFT JOIN sluice.jobs AS j ON %(whole)s AND f.status = 'processing' AND j.id = f.job_id
    GROUP BY f.upload_id
),
rejected AS (
    SELECT jsonb_agg(jsonb_build_array(f.file_index, f.number, f.reason) ORDER BY f.file_index, f.place) AS rows
    FROM (
        SELECT f.file_index, e.value -> 0 AS number, e.value -> 1 AS reason, e.place
        FROM page AS p
        JOIN public.upload_files AS f ON f.upload_id = p.id
        CROSS JOIN LATERAL jsonb_array_elements(f.rejected_rows) WITH ORDINALITY AS e (value, place)
        WHERE %(whole)s AND f.rejected_records > 0
        ORDER BY f.file_index, e.place
        LIMIT 100
    ) AS f
)
SELECT
    p.id,
    CASE
        WHEN p.enqueued_at IS NULL THEN 'uploading'
        -- Nothing was ever enqueued without a file: it was cancelled before one was begun.
        WHEN f.upload_id IS NULL THEN 'cancelled'
        WHEN f.closed_archives > 0 THEN 'unpacking'
        WHEN f.processed_files < f.total_files AND f.begun THEN 'processing'
        WHEN f.processed_files < f.total_files THEN 'pending'
        WHEN f.completed_files > 0 THEN 'completed'
        WHEN f.failures = 0 AND f.cancelled_files > 0 THEN 'cancelled'
        ELSE 'failed'
    END AS status,
    p.filename,
    CASE
        WHEN p.enqueued_at IS NULL AND p.expected_size IS NOT NULL THEN NULL
        WHEN f.closed_archives > 0 AND f.total_files = 0 THEN NULL
        ELSE coalesce(f.total_files, 0)
    END AS total_files,
    coalesce(f.processed_files, 0) AS processed_files,
    coalesce(f.failed_files, 0) AS failed_files,
    p.skipped_files,
    coalesce(f.total_records, 0) AS total_records,
    coalesce(f.inserted_records, 0) AS inserted_records,
    coalesce(f.duplicate_records, 0) AS duplicate_records,
    coalesce(f.rejected_records, 0) AS rejected_records,
    coalesce(f.superseded_records, 0) AS superseded_records,
    f.first_error,
    f.first_reason,
    CASE WHEN p.enqueued_at IS NULL THEN coalesce(f.size, 0) END AS received_bytes,
    CASE WHEN p.enqueued_at IS NULL THEN p.expected_size END AS expected_bytes,
    p.created_at,
    greatest(p.updated_at, f.updated_at) AS updated_at,
    coalesce(f.files, '[]') AS files,
    CASE WHEN %(whole)s THEN p.refusals ELSE '[]' END AS refusals,
    jsonb_array_length(p.refusals) AS refused_files,
    coalesce(r.rows, '[]') AS rejected_rows
FROM page AS p
CROSS JOIN rejected AS r
LEFT JOIN files AS f ON f.upload_id = p.id
ORDER BY p.created_at DESC, p.id DESC
