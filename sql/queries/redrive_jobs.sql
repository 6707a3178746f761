-- Redrive: failed → pending, out of history, with a fresh set of attempts (a file's own count shows the old ones until the
-- next claim). The id, the errors and the checkpoint stay. The first is next in its lane, each further one a turn later.
-- Left alone: what has an unfinished namesake by its unique key, and files whose content is gone.
-- Locks: history by row (who takes a job out of it has it), then upload_files. Index: job_history's on id in each day, by all ids
-- at once, which PostgreSQL before 17 does one by one: most are in one of the days. An array that is not known to the planner
-- keeps it to the index, whatever the statistics say, as OFFSET 0 does.
WITH named AS MATERIALIZED (
    SELECT k.id, k.state, k.owner, k.queue, k.unique_key, k.file_id
    FROM sluice.job_history AS k
    WHERE k.id = ANY (ARRAY(SELECT w.id FROM unnest(%(job_ids)s::uuid[]) AS w (id)))
),
failed AS (
    SELECT h.id, row_number() OVER (PARTITION BY h.owner, h.queue, coalesce(h.unique_key, h.id::text) ORDER BY h.id) AS namesake
    FROM named AS h
    LEFT JOIN public.upload_files AS f ON f.id = h.file_id
    WHERE h.state = 'failed' AND (h.file_id IS NULL OR f.retryable)
        AND NOT EXISTS (
            SELECT FROM sluice.jobs AS j
            WHERE j.owner = h.owner AND j.queue = h.queue AND j.unique_key = h.unique_key AND j.unique_key IS NOT NULL
            OFFSET 0)
),
gone AS (
    DELETE FROM sluice.job_history AS h
    WHERE h.id = ANY (ARRAY(SELECT f.id FROM failed AS f WHERE f.namesake = 1))
    RETURNING
        h.id, h.queue, h.kind, h.priority, h.turn, h.lane, h.owner, h.unique_key, h.file_id, h.payload, h.size, h.max_attempts,
        h.deadline_ms, h.backoff_base_ms, h.backoff_factor, h.backoff_ceiling_ms, h.backoff_jitter,
        h.ended_token, h.ended_verb, h.errors, h.progress, h.checkpoint, h.created_at
),
-- Asked for once: the function costs more than all else that is done with a row here.
times AS MATERIALIZED (
    SELECT d.queue, d.priority, sluice.virtual_time(d.queue, d.priority) AS virtual_time
    FROM (SELECT DISTINCT g.queue, g.priority FROM gone AS g) AS d
),
back AS (
    INSERT INTO sluice.jobs (
        id, queue, kind, state, priority, turn, position, lane, owner, unique_key, file_id, payload, size, max_attempts,
        deadline_ms, backoff_base_ms, backoff_factor, backoff_ceiling_ms, backoff_jitter,
        ended_token, ended_verb, errors, progress, checkpoint, created_at
    )
    SELECT
        g.id, g.queue, g.kind, 'pending', g.priority, g.turn, t.virtual_time
            + sum(g.turn) OVER (PARTITION BY g.queue, g.priority, g.lane ORDER BY g.id) - g.turn,
        g.lane, g.owner, g.unique_key, g.file_id, g.payload, g.size, g.max_attempts,
        g.deadline_ms, g.backoff_base_ms, g.backoff_factor, g.backoff_ceiling_ms, g.backoff_jitter,
        g.ended_token, g.ended_verb, g.errors, g.progress, g.checkpoint, g.created_at
    FROM gone AS g
    JOIN times AS t ON t.queue = g.queue AND t.priority = g.priority
    RETURNING id, queue, kind, priority, position, file_id
),
files AS (
    UPDATE public.upload_files AS f
    SET status = 'pending', error_reason = NULL, error_message = NULL, retryable = false, finished_at = NULL,
        updated_at = sluice.now()
    FROM back AS b
    WHERE f.id = b.file_id
)
SELECT b.id, b.queue, b.kind, b.priority, b.position, u.upload_id
FROM back AS b
LEFT JOIN public.upload_files AS u ON u.id = b.file_id
ORDER BY b.id
