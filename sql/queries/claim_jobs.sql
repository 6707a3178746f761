-- Claim: pending → processing, for one open session, in order of (priority, position), within a count and bytes.
-- Each kind is looked for in ranges of the claim index (jobs_claim) that leave out what the low-water marks passed.
-- A session that holds nothing gets one job however large. A checkpoint travels too and takes room. One row at least: the
-- first tells, a kind, the first job that stays pending. No row: the session is over, or the queue is guarded.
-- Nothing from a queue that is guarded: see claim_jobs_within_limits.sql. That is asked of the statement's own snapshot;
-- whoever sets limits waits for the claims that have an older one.
-- Locks: the session FOR SHARE (whoever closes it waits), jobs with SKIP LOCKED, then upload_files.
WITH session AS (
    SELECT s.id
    FROM sluice.worker_sessions AS s
    WHERE s.id = %(session_id)s AND s.epoch = %(epoch)s AND s.open AND NOT s.retiring AND s.expires_at > sluice.now()
        AND NOT EXISTS (SELECT FROM sluice.queues AS q WHERE q.name = %(queue)s AND q.guarded)
    FOR SHARE
),
-- Ranges come in order, and a nested loop stops at the outer limit: what is not needed is neither read nor locked.
candidates AS MATERIALIZED (
    SELECT c.tid, c.priority, c.position, c.size
    FROM session
    CROSS JOIN unnest(%(kinds)s::text[]) AS wanted (kind)
    CROSS JOIN LATERAL (
        SELECT n.tid, n.priority, n.position, n.size
        FROM unnest(%(range_kinds)s::text[], %(from_priorities)s::smallint[], %(from_positions)s::bigint[], %(below_priorities)s::integer[])
            AS r (kind, from_priority, from_position, below_priority)
        CROSS JOIN LATERAL (
            SELECT j.ctid AS tid, j.priority, j.position, j.size + coalesce(octet_length(j.checkpoint), 0) AS size
            FROM sluice.jobs AS j
            WHERE j.queue = %(queue)s AND j.kind = r.kind AND j.position IS NOT NULL
                AND (j.priority, j.position) >= (r.from_priority, r.from_position) AND j.priority < r.below_priority
                AND j.state = 'pending' AND (j.expires_at IS NULL OR j.expires_at > sluice.now())
            ORDER BY j.queue, j.kind, j.priority, j.position
            LIMIT %(max_jobs)s
            FOR UPDATE SKIP LOCKED
        ) AS n
        WHERE r.kind = wanted.kind
        LIMIT %(max_jobs)s
    ) AS c
),
ranked AS (
    SELECT tid, row_number() OVER in_order AS place, sum(size) OVER in_order AS bytes
    FROM candidates
    WINDOW in_order AS (ORDER BY priority, position, tid ROWS UNBOUNDED PRECEDING)
),
chosen AS MATERIALIZED (
    SELECT r.tid
    FROM ranked AS r
    WHERE r.place <= %(max_jobs)s AND (r.bytes <= %(max_bytes)s OR (r.place = 1 AND %(holds_nothing)s))
),
-- The same jobs as they are seen without a lock: what others have locked is among them, and no mark may pass it.
seen AS MATERIALIZED (
    SELECT c.kind, c.tid, c.priority, c.position
    FROM unnest(%(kinds)s::text[]) AS wanted (kind)
    CROSS JOIN LATERAL (
        SELECT r.kind, n.tid, n.priority, n.position
        FROM unnest(%(range_kinds)s::text[], %(from_priorities)s::smallint[], %(from_positions)s::bigint[], %(below_priorities)s::integer[])
            AS r (kind, from_priority, from_position, below_priority)
        CROSS JOIN LATERAL (
            SELECT j.ctid AS tid, j.priority, j.position
            FROM sluice.jobs AS j
            WHERE j.queue = %(queue)s AND j.kind = r.kind AND j.position IS NOT NULL
                AND (j.priority, j.position) >= (r.from_priority, r.from_position) AND j.priority < r.below_priority
                AND j.state = 'pending'
            ORDER BY j.queue, j.kind, j.priority, j.position
            LIMIT %(max_jobs)s
        ) AS n
        WHERE r.kind = wanted.kind
        LIMIT %(max_jobs)s
    ) AS c
),
staying AS (
    SELECT DISTINCT ON (s.kind) s.kind, s.priority, s.position
    FROM seen AS s
    WHERE s.tid NOT IN (SELECT c.tid FROM chosen AS c)
    ORDER BY s.kind, s.priority, s.position
),
claimed AS (
    UPDATE sluice.jobs AS j
    SET state = 'processing', attempt = j.attempt + 1, lease_token = %(token)s, session_id = %(session_id)s, started_at = sluice.now(),
        slot = NULL
    WHERE j.ctid = ANY (ARRAY(SELECT c.tid FROM chosen AS c))
    RETURNING j.id, j.kind, j.priority, j.position, j.attempt, j.payload, j.checkpoint, j.size, j.deadline_ms, j.file_id
),
files AS (
    UPDATE public.upload_files AS f
    SET status = 'processing', attempts = c.attempt, updated_at = sluice.now()
    FROM claimed AS c
    WHERE c.file_id IS NOT NULL AND f.id = c.file_id
)
SELECT
    c.id, c.kind, c.priority, c.position, c.attempt, c.payload, c.checkpoint, c.size, c.deadline_ms,
    CASE WHEN row_number() OVER (ORDER BY c.priority, c.position) = 1 THEN (
        SELECT jsonb_agg(jsonb_build_array(s.kind, s.priority, s.position)) FROM staying AS s
    ) END AS staying
FROM session AS s
LEFT JOIN claimed AS c ON true
ORDER BY c.priority, c.position
