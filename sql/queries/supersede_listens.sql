-- Extended wins: account rows that a staged row covers go. The equality is on the hash, the time range two constants:
-- joined on a time per row, the planner falls into nested loops.
WITH covers AS MATERIALIZED (
    SELECT s.cover
    FROM pg_temp.staged_listens AS s
    UNION
    SELECT unnest(s.more_covers)
    FROM pg_temp.staged_listens AS s
    WHERE s.more_covers IS NOT NULL
)
DELETE FROM public.listens AS l
WHERE l.user_id = %(user_id)s AND l.played_at BETWEEN %(first_minute)s AND %(last)s AND l.source = 'account'
    AND l.identity IN (SELECT c.cover FROM covers AS c)
