-- A coordinator that has noted all it saw leaves: nobody waits for its counts any more.
DELETE FROM sluice.coordinators AS c
WHERE c.id = %(coordinator)s
