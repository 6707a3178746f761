-- Which of these leases were ended by this verb before: a repeat of it answers success again.
-- Index: primary key of jobs, job_history's index on id in each day. OFFSET 0 has each looked up by itself, even where a day
-- is taken for empty.
SELECT j.id, false AS final, greatest(extract(epoch FROM j.run_at - sluice.now())::float8, 0) AS delay_seconds
FROM unnest(%(job_ids)s::uuid[], %(tokens)s::bigint[]) AS lease (job_id, token)
JOIN sluice.jobs AS j ON j.id = lease.job_id AND j.ended_token = lease.token AND j.ended_verb = %(verb)s
UNION ALL
SELECT h.id, true, NULL
FROM unnest(%(job_ids)s::uuid[], %(tokens)s::bigint[]) AS lease (job_id, token)
CROSS JOIN LATERAL (
    SELECT k.id
    FROM sluice.job_history AS k
    WHERE k.id = lease.job_id AND k.ended_token = lease.token AND k.ended_verb = %(verb)s
    OFFSET 0
) AS h
