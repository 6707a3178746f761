-- Remembers queues that are enqueued into for the first time.
INSERT INTO sluice.queues (name)
SELECT wanted.name
FROM unnest(%(queues)s::text[]) AS wanted (name)
ORDER BY wanted.name
ON CONFLICT (name) DO NOTHING
