-- Enqueue: stores new jobs of one queue and priority, pending or (with a delay) scheduled; gives, a kind, the lowest
-- position (null where all are scheduled) and how many there are.
-- A job's turn is max(virtual time, its lane's last position) + 2^20 / weight; a lane's row is written once.
-- Locks: lanes by name. A job without a lane touches none.
WITH turns AS (
    INSERT INTO sluice.lanes AS l (queue, priority, lane, last_position)
    SELECT %(queue)s, %(priority)s, g.lane, %(virtual_time)s + g.turns
    FROM unnest(%(lanes)s::text[], %(lane_turns)s::bigint[]) AS g (lane, turns)
    ORDER BY g.lane COLLATE "C"
    ON CONFLICT (queue, priority, lane) DO UPDATE
    SET last_position = greatest(l.last_position - %(virtual_time)s, 0) + excluded.last_position
    RETURNING lane, last_position
),
-- In the order of the lanes given, which the caller sorts: a lookup by index spares a join of every job with every lane.
last AS MATERIALIZED (
    SELECT array_agg(t.last_position ORDER BY t.lane COLLATE "C") AS positions
    FROM turns AS t
),
stored AS (
    INSERT INTO sluice.jobs (
        id, queue, kind, state, priority, turn, position, lane, owner, unique_key, file_id, payload, size, run_at, expires_at,
        max_attempts, deadline_ms, backoff_base_ms, backoff_factor, backoff_ceiling_ms, backoff_jitter
    )
    SELECT
        n.id,
        %(queue)s,
        n.kind,
        CASE WHEN n.delay_ms > 0 THEN 'scheduled' ELSE 'pending' END,
        %(priority)s,
        n.turn,
        CASE WHEN n.delay_ms > 0 THEN NULL ELSE coalesce(
            (SELECT l.positions FROM last AS l)[n.lane_index] - n.later_turns,
            %(virtual_time)s + n.turn
        ) END,
        n.lane,
        n.owner,
        n.unique_key,
        n.file_id,
        n.payload,
        n.size,
        CASE WHEN n.delay_ms > 0 THEN sluice.now() + n.delay_ms * interval '1 millisecond' END,
        sluice.now() + n.expire_ms * interval '1 millisecond',
        n.max_attempts,
        n.deadline_ms,
        n.backoff_base_ms,
        n.backoff_factor,
        n.backoff_ceiling_ms,
        n.backoff_jitter
    FROM unnest(
        %(ids)s::uuid[], %(kinds)s::text[], %(turns)s::bigint[], %(job_lanes)s::text[], %(lane_indexes)s::integer[], %(later_turns)s::bigint[],
        %(owners)s::text[], %(unique_keys)s::text[], %(file_ids)s::uuid[], %(payloads)s::bytea[], %(sizes)s::bigint[], %(delays_ms)s::bigint[],
        %(expires_ms)s::bigint[], %(max_attempts)s::integer[], %(deadlines_ms)s::bigint[],
        %(backoff_bases_ms)s::bigint[], %(backoff_factors)s::real[], %(backoff_ceilings_ms)s::bigint[], %(backoff_jitters)s::real[]
    ) AS n (
        id, kind, turn, lane, lane_index, later_turns, owner, unique_key, file_id, payload, size, delay_ms, expire_ms,
        max_attempts, deadline_ms, backoff_base_ms, backoff_factor, backoff_ceiling_ms, backoff_jitter
    )
    RETURNING kind, position
)
SELECT s.kind, min(s.position) AS position, count(s.position) AS pending, count(*) - count(s.position) AS scheduled
FROM stored AS s
GROUP BY s.kind
