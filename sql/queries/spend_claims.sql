-- Takes what was claimed out of the bucket of a queue with a rate limit. Locks: queues, last of all.
UPDATE sluice.queues AS q
SET rate_tokens = sluice.rate_tokens(q) - %(jobs)s, rate_at = greatest(q.rate_at, sluice.now())
WHERE q.name = %(queue)s AND q.rate_per_second IS NOT NULL
