-- Jobs below an id, newest first: a look at so many, unfinished and in history, and of these what fits. Tells how many it looked
-- at and which was the last, from which a next page goes on. Index: primary key of jobs; job_history's on id,
-- or on the id of what did not complete.
WITH looked AS MATERIALIZED (
    SELECT
        o.id, o.queue, o.kind, o.state, o.priority, o.turn, o.lane, o.owner, o.unique_key, o.size, o.attempt, o.max_attempts,
        o.errors, o.progress, o.result, o.created_at, o.started_at, o.finished_at, o.run_at, o.expires_at, o.waits_for_lane
    FROM (
        (
            SELECT
                j.id, j.queue, j.kind, j.state, j.priority, j.turn, j.lane, j.owner, j.unique_key, j.size, j.attempt, j.max_attempts,
                j.errors, j.progress, NULL::json AS result, j.created_at, j.started_at, NULL::timestamptz AS finished_at, j.run_at, j.expires_at,
                j.kept_position IS NOT NULL AS waits_for_lane
            FROM sluice.jobs AS j
            WHERE %(unfinished)s AND j.id < %(before)s
            ORDER BY j.id DESC
            LIMIT %(jobs)s
        )
        UNION ALL
        (
            SELECT
                h.id, h.queue, h.kind, h.state, h.priority, h.turn, h.lane, h.owner, h.unique_key, h.size, h.attempt, h.max_attempts,
                h.errors, h.progress, h.result, h.created_at, h.started_at, h.finished_at, NULL::timestamptz, NULL::timestamptz,
                false
            FROM sluice.job_history AS h
            WHERE %(finished)s AND h.id < %(before)s
                AND (%(completed)s OR h.state COLLATE "C" <> 'completed')
            ORDER BY h.id DESC
            LIMIT %(jobs)s
        )
    ) AS o
    ORDER BY o.id DESC
    LIMIT %(jobs)s
),
fitting AS (
    SELECT
        l.id, l.queue, l.kind, l.state, l.priority, l.turn, l.lane, l.owner, l.unique_key, l.size, l.attempt, l.max_attempts,
        l.errors, l.progress, l.result, l.created_at, l.started_at, l.finished_at, l.run_at, l.expires_at, l.waits_for_lane
    FROM looked AS l
    WHERE (%(queue)s::text IS NULL OR l.queue = %(queue)s)
        AND (%(kind)s::text IS NULL OR l.kind = %(kind)s)
        AND (%(states)s::text[] IS NULL OR l.state = ANY (%(states)s::text[]))
        AND (%(reason)s::text IS NULL OR l.errors -> -1 ->> 'reason' = %(reason)s)
    ORDER BY l.id DESC
    LIMIT %(most)s
)
SELECT
    t.looked, t.last_id, f.id, f.queue, f.kind, f.state, f.priority, f.turn, f.lane, f.owner, f.unique_key, f.size, f.attempt,
    f.max_attempts, CASE WHEN f.errors IS NOT NULL THEN jsonb_build_array(f.errors -> -1) END AS errors, f.progress,
    f.result::text AS result, f.created_at, f.started_at, f.finished_at, f.run_at, f.expires_at, f.waits_for_lane
FROM (
    SELECT count(*) AS looked, (SELECT l.id FROM looked AS l ORDER BY l.id LIMIT 1) AS last_id
    FROM looked
) AS t
LEFT JOIN fitting AS f ON true
ORDER BY f.id DESC
