-- Enqueue: stores new jobs of one queue and priority, pending or (with a delay) scheduled.
-- A job's turn is max(virtual time, its lane's last position) + 1 turn (2^20); a lane's row is written once.
-- Locks: lanes by name. A job without a lane touches none.
WITH turns AS (
    INSERT INTO sluice.lanes AS l (queue, priority, lane, last_position)
    SELECT %(queue)s, %(priority)s, g.lane, %(virtual_time)s + g.jobs * 1048576
    FROM unnest(%(lanes)s::text[], %(lane_jobs)s::bigint[]) AS g (lane, jobs)
    ORDER BY g.lane COLLATE "C"
    ON CONFLICT (queue, priority, lane) DO UPDATE
    SET last_position = greatest(l.last_position - %(virtual_time)s, 0) + excluded.last_position
    RETURNING lane, last_position
),
-- In the order of the lanes given, which the caller sorts: a lookup by index spares a join of every job with every lane.
last AS MATERIALIZED (
    SELECT array_agg(t.last_position ORDER BY t.lane COLLATE "C") AS positions
    FROM turns AS t
)
INSERT INTO sluice.jobs (
    id, queue, kind, state, priority, position, lane, owner, file_id, payload, size, run_at,
    max_attempts, deadline_ms, backoff_base_ms, backoff_factor, backoff_ceiling_ms
)
SELECT
    n.id,
    %(queue)s,
    n.kind,
    CASE WHEN n.delay_ms > 0 THEN 'scheduled' ELSE 'pending' END,
    %(priority)s,
    CASE WHEN n.delay_ms > 0 THEN NULL ELSE coalesce(
        (SELECT l.positions FROM last AS l)[n.lane_index] - n.later_in_lane * 1048576,
        %(virtual_time)s + 1048576
    ) END,
    n.lane,
    n.owner,
    n.file_id,
    n.payload,
    n.size,
    CASE WHEN n.delay_ms > 0 THEN sluice.now() + n.delay_ms * interval '1 millisecond' END,
    n.max_attempts,
    n.deadline_ms,
    n.backoff_base_ms,
    n.backoff_factor,
    n.backoff_ceiling_ms
FROM unnest(
    %(ids)s::uuid[], %(kinds)s::text[], %(job_lanes)s::text[], %(lane_indexes)s::integer[], %(later_in_lane)s::bigint[], %(owners)s::text[], %(file_ids)s::uuid[],
    %(payloads)s::bytea[], %(sizes)s::bigint[], %(delays_ms)s::bigint[], %(max_attempts)s::integer[], %(deadlines_ms)s::bigint[],
    %(backoff_bases_ms)s::bigint[], %(backoff_factors)s::real[], %(backoff_ceilings_ms)s::bigint[]
) AS n (
    id, kind, lane, lane_index, later_in_lane, owner, file_id, payload, size, delay_ms, max_attempts, deadline_ms,
    backoff_base_ms, backoff_factor, backoff_ceiling_ms
)
