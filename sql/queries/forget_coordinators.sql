-- Forgets coordinators that have noted nothing for an hour: they died.
DELETE FROM sluice.coordinators AS c
WHERE c.noted_at < sluice.now() - interval '1 hour'
