-- Claim: pending → processing, from a guarded queue: as claim_jobs.sql, and no lane gets more than its limit. Jobs that were
-- seen and whose lane is full are kept back: out of the claim index, until something of their lane ends.
-- One row at least: it tells, a kind, the first job that stays, and how many were kept back.
-- Locks: jobs with SKIP LOCKED, then upload_files; the session and the queue are locked already.
WITH candidates AS MATERIALIZED (
    SELECT c.tid, c.kind, c.lane, c.priority, c.position, c.size
    FROM unnest(%(kinds)s::text[]) AS wanted (kind)
    CROSS JOIN LATERAL (
        SELECT n.tid, r.kind, n.lane, n.priority, n.position, n.size
        FROM unnest(%(range_kinds)s::text[], %(from_priorities)s::smallint[], %(from_positions)s::bigint[], %(below_priorities)s::integer[])
            AS r (kind, from_priority, from_position, below_priority)
        CROSS JOIN LATERAL (
            SELECT j.ctid AS tid, j.lane, j.priority, j.position, j.size + coalesce(octet_length(j.checkpoint), 0) AS size
            FROM sluice.jobs AS j
            WHERE j.queue = %(queue)s AND j.kind = r.kind AND j.position IS NOT NULL
                AND (j.priority, j.position) >= (r.from_priority, r.from_position) AND j.priority < r.below_priority
                AND j.state = 'pending' AND (j.expires_at IS NULL OR j.expires_at > sluice.now())
            ORDER BY j.queue, j.kind, j.priority, j.position
            LIMIT %(most_seen)s
            FOR UPDATE SKIP LOCKED
        ) AS n
        WHERE r.kind = wanted.kind
        LIMIT %(most_seen)s
    ) AS c
),
placed AS (
    SELECT
        c.tid, c.lane, c.priority, c.position, c.size,
        row_number() OVER (PARTITION BY c.lane ORDER BY c.priority, c.position, c.tid) AS lane_place,
        row_number() OVER (PARTITION BY c.lane, c.kind ORDER BY c.priority, c.position, c.tid) AS kind_place
    FROM candidates AS c
),
-- What a lane has running is counted once, at its first job, and no further than the limit.
counted AS (
    SELECT p.tid, p.lane, p.priority, p.position, p.size, p.lane_place, p.kind_place,
        CASE WHEN p.lane_place = 1 AND p.lane IS NOT NULL AND %(lane_limit)s::integer IS NOT NULL THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM sluice.jobs AS j
                WHERE j.queue = %(queue)s AND j.slot = 'running' AND j.lane = p.lane
                LIMIT %(lane_limit)s::integer
            ) AS running
        ) END AS running
    FROM placed AS p
),
-- How many jobs of the lane there would be with this one: over all kinds, and of its kind alone. Null: nobody counts them.
weighed AS MATERIALIZED (
    SELECT c.tid, c.priority, c.position, c.size,
        max(c.running) OVER lane + c.lane_place AS in_lane,
        max(c.running) OVER lane + c.kind_place AS of_kind
    FROM counted AS c
    WINDOW lane AS (PARTITION BY c.lane)
),
ranked AS (
    SELECT w.tid, row_number() OVER in_order AS place, sum(w.size) OVER in_order AS bytes
    FROM weighed AS w
    WHERE w.in_lane IS NULL OR w.in_lane <= %(lane_limit)s::integer
    WINDOW in_order AS (ORDER BY w.priority, w.position, w.tid ROWS UNBOUNDED PRECEDING)
),
chosen AS MATERIALIZED (
    SELECT r.tid
    FROM ranked AS r
    WHERE r.place <= %(max_jobs)s AND (r.bytes <= %(max_bytes)s OR (r.place = 1 AND %(holds_nothing)s))
),
too_many AS MATERIALIZED (
    SELECT w.tid
    FROM weighed AS w
    WHERE w.of_kind > %(lane_limit)s::integer
),
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
            LIMIT %(most_seen)s
        ) AS n
        WHERE r.kind = wanted.kind
        LIMIT %(most_seen)s
    ) AS c
),
staying AS (
    SELECT DISTINCT ON (s.kind) s.kind, s.priority, s.position
    FROM seen AS s
    WHERE s.tid NOT IN (SELECT c.tid FROM chosen AS c) AND s.tid NOT IN (SELECT t.tid FROM too_many AS t)
    ORDER BY s.kind, s.priority, s.position
),
kept_back AS (
    UPDATE sluice.jobs AS j
    SET kept_position = j.position, position = NULL, slot = NULL
    WHERE j.ctid = ANY (ARRAY(SELECT t.tid FROM too_many AS t))
    RETURNING 1
),
claimed AS (
    UPDATE sluice.jobs AS j
    SET state = 'processing', attempt = j.attempt + 1, lease_token = %(token)s, session_id = %(session_id)s, started_at = sluice.now(),
        slot = 'running'
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
    ) END AS staying,
    (SELECT count(*) FROM kept_back) AS kept_back
FROM (VALUES (1)) AS one (row)
LEFT JOIN claimed AS c ON true
ORDER BY c.priority, c.position
