-- Artists and tracks heard for the first time, by the bucket of the calendar in which that was; buckets without are left out.
-- What was heard before the range is known by then, so all plays before its end are looked at. Names go by their hashes, and
-- only first plays are put into the calendar. Index: primary key of listens alone.
WITH tracks AS MATERIALIZED (
    SELECT l.artist_key, l.track_key, min(l.played_at) AS first_played_at
    FROM public.listens AS l
    WHERE l.user_id = %(user_id)s AND l.played_at < %(end)s
        AND l.ms_played >= %(min_ms)s AND (%(content_type)s::text IS NULL OR l.content_type = %(content_type)s)
    GROUP BY l.track_key, l.artist_key
),
artists AS (
    SELECT t.artist_key, min(t.first_played_at) AS first_played_at
    FROM tracks AS t
    GROUP BY t.artist_key
),
firsts AS (
    SELECT t.first_played_at, 0 AS artists, 1 AS tracks
    FROM tracks AS t
    WHERE t.first_played_at >= %(start)s AND t.track_key <> hashtextextended('', t.artist_key)
    UNION ALL
    SELECT a.first_played_at, 1 AS artists, 0 AS tracks
    FROM artists AS a
    WHERE a.first_played_at >= %(start)s AND a.artist_key <> hashtextextended('', 0)
)
SELECT
    date_trunc(%(bucket)s, f.first_played_at, %(time_zone)s) AS start,
    sum(f.artists)::bigint AS artists, sum(f.tracks)::bigint AS tracks
FROM firsts AS f
GROUP BY 1
ORDER BY 1
LIMIT %(count)s
