-- Every queue, by name.
SELECT q.name
FROM sluice.queues AS q
ORDER BY q.name
