-- Sums over a person's plays. Names are grouped first, by their hashes: what is distinct among them is then soon told. The
-- first and the last play are at the ends of the index. Index: primary key of listens alone.
WITH names AS MATERIALIZED (
    SELECT l.artist_key, l.track_key, l.album_key, count(*) AS plays, sum(l.ms_played) AS ms_played
    FROM public.listens AS l
    WHERE l.user_id = %(user_id)s AND l.played_at >= %(start)s AND l.played_at < %(end)s
        AND l.ms_played >= %(min_ms)s AND (%(content_type)s::text IS NULL OR l.content_type = %(content_type)s)
    GROUP BY l.track_key, l.album_key, l.artist_key
)
SELECT
    coalesce(sum(n.plays), 0)::bigint AS plays,
    coalesce(sum(n.ms_played), 0)::bigint AS ms_played,
    count(DISTINCT n.artist_key) FILTER (WHERE n.artist_key <> hashtextextended('', 0)) AS artists,
    count(DISTINCT n.track_key) FILTER (WHERE n.track_key <> hashtextextended('', n.artist_key)) AS tracks,
    count(DISTINCT n.album_key) AS albums,
    (
        SELECT l.played_at
        FROM public.listens AS l
        WHERE l.user_id = %(user_id)s AND l.played_at >= %(start)s AND l.played_at < %(end)s
            AND l.ms_played >= %(min_ms)s AND (%(content_type)s::text IS NULL OR l.content_type = %(content_type)s)
        ORDER BY l.played_at
        LIMIT 1
    ) AS first_played_at,
    (
        SELECT l.played_at
        FROM public.listens AS l
        WHERE l.user_id = %(user_id)s AND l.played_at >= %(start)s AND l.played_at < %(end)s
            AND l.ms_played >= %(min_ms)s AND (%(content_type)s::text IS NULL OR l.content_type = %(content_type)s)
        ORDER BY l.played_at DESC
        LIMIT 1
    ) AS last_played_at
FROM names AS n
