-- Keeps a periodic duty to one coordinator at a time; given back at the end of the transaction.
SELECT pg_try_advisory_xact_lock(%(duty)s) AS held
