-- Plays and time per bucket of the calendar of a time zone, from the first to the last instant, empty ones included.
-- Buckets are found by steps shorter than any of them, which holds at every change of the clocks; each is one range of
-- the primary key of listens, and no play has to be put into the calendar.
WITH instants AS (
    SELECT generate_series(%(first)s::timestamptz, %(last)s::timestamptz, %(step)s::interval) AS instant
    UNION ALL
    SELECT %(last)s::timestamptz
),
starts AS (
    SELECT DISTINCT date_trunc(%(bucket)s, i.instant, %(time_zone)s) AS start
    FROM instants AS i
    ORDER BY start
    LIMIT %(count)s
),
buckets AS (
    SELECT s.start, lead(s.start, 1, %(end)s) OVER (ORDER BY s.start) AS next_start
    FROM starts AS s
)
SELECT b.start, p.plays, p.ms_played
FROM buckets AS b
CROSS JOIN LATERAL (
    SELECT count(*) AS plays, coalesce(sum(l.ms_played), 0) AS ms_played
    FROM public.listens AS l
    WHERE l.user_id = %(user_id)s
        AND l.played_at >= greatest(b.start, %(start)s) AND l.played_at < b.next_start
        AND l.ms_played >= %(min_ms)s AND (%(content_type)s::text IS NULL OR l.content_type = %(content_type)s)
) AS p
ORDER BY b.start
