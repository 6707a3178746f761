-- The transactions that write jobs at this moment: each took this lock before its statement's snapshot.
SELECT l.virtualtransaction AS id
FROM pg_catalog.pg_locks AS l
WHERE l.locktype = 'relation' AND l.relation = 'sluice.jobs'::regclass AND l.mode = 'RowExclusiveLock'
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
    AND l.pid <> pg_backend_pid()
