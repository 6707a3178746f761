-- Tells other coordinators something; in a transaction of its own, never in one that stores jobs.
SELECT pg_catalog.pg_notify('sluice', %(message)s::text)
