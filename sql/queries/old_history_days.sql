-- Days of history past their retention, oldest first.
SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS day
FROM pg_catalog.pg_inherits AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = 'sluice.job_history'::regclass
    AND to_date(right(c.relname, 8), 'YYYYMMDD') < (sluice.now() AT TIME ZONE 'UTC')::date - %(retention_days)s
ORDER BY day
