-- Claim: pending → processing, for one open session, in order of (priority, position), within a count and bytes.
-- A session that holds nothing gets one job however large. Index: jobs_claim, one scan a kind.
-- Locks: the session FOR SHARE (whoever closes it waits), jobs with SKIP LOCKED, then upload_files.
WITH session AS (
    SELECT s.id
    FROM sluice.worker_sessions AS s
    WHERE s.id = %(session_id)s AND s.open AND s.expires_at > sluice.now()
    FOR SHARE
),
candidates AS MATERIALIZED (
    SELECT c.tid, c.priority, c.position, c.size
    FROM session
    CROSS JOIN unnest(%(kinds)s::text[]) AS wanted (kind)
    CROSS JOIN LATERAL (
        SELECT j.ctid AS tid, j.priority, j.position, j.size
        FROM sluice.jobs AS j
        WHERE j.queue = %(queue)s AND j.kind = wanted.kind AND j.state = 'pending' AND j.position IS NOT NULL
        ORDER BY j.queue, j.kind, j.priority, j.position
        LIMIT %(max_jobs)s
        FOR UPDATE SKIP LOCKED
    ) AS c
),
ranked AS (
    SELECT tid, row_number() OVER in_order AS place, sum(size) OVER in_order AS bytes
    FROM candidates
    WINDOW in_order AS (ORDER BY priority, position, tid ROWS UNBOUNDED PRECEDING)
),
claimed AS (
    UPDATE sluice.jobs AS j
    SET state = 'processing', attempt = j.attempt + 1, lease_token = %(token)s, session_id = %(session_id)s, started_at = sluice.now()
    WHERE j.ctid = ANY (ARRAY(
        SELECT r.tid
        FROM ranked AS r
        WHERE r.place <= %(max_jobs)s AND (r.bytes <= %(max_bytes)s OR (r.place = 1 AND %(holds_nothing)s))
    ))
    RETURNING j.id, j.kind, j.priority, j.position, j.attempt, j.payload, j.size, j.deadline_ms, j.file_id
),
files AS (
    UPDATE public.upload_files AS f
    SET status = 'processing', attempts = c.attempt, updated_at = sluice.now()
    FROM claimed AS c
    WHERE c.file_id IS NOT NULL AND f.id = c.file_id
)
SELECT id, kind, priority, position, attempt, payload, size, deadline_ms
FROM claimed
ORDER BY priority, position
