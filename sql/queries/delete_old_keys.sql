-- Forgets idempotency keys seven days after the end of what they made. At most 1,000 at a time, from the oldest on.
-- Index: enqueue_keys_created.
DELETE FROM sluice.enqueue_keys AS k
WHERE k.ctid = ANY (ARRAY(
    SELECT o.ctid
    FROM sluice.enqueue_keys AS o
    WHERE o.created_at < sluice.now() - interval '7 days'
        AND NOT EXISTS (SELECT FROM sluice.jobs AS j WHERE j.id = ANY (o.result_ids))
        AND NOT EXISTS (
            SELECT FROM sluice.job_history AS h
            WHERE h.id = ANY (o.result_ids) AND h.finished_at > sluice.now() - interval '7 days')
    ORDER BY o.created_at
    LIMIT 1000
))
