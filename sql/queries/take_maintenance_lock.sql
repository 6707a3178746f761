-- Waits for a periodic duty that somebody else carries out at this moment; given back at the end of the transaction.
SELECT pg_advisory_xact_lock(%(duty)s)
