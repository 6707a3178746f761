-- Which unfinished jobs of an owner have these unique keys. Index: jobs_unique.
SELECT j.id, j.queue, j.unique_key
FROM unnest(%(queues)s::text[], %(unique_keys)s::text[]) AS u (queue, unique_key)
JOIN sluice.jobs AS j ON j.owner = %(owner)s AND j.queue = u.queue AND j.unique_key = u.unique_key AND j.unique_key IS NOT NULL
