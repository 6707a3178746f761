-- Sums over a person's plays. Names are grouped first: counting them distinct over all plays would sort those.
-- Index: primary key of listens.
WITH names AS MATERIALIZED (
    SELECT
        l.artist_name, l.track_name, l.album_name, count(*) AS plays, sum(l.ms_played) AS ms_played,
        min(l.played_at) AS first_played_at, max(l.played_at) AS last_played_at
    FROM public.listens AS l
    WHERE l.user_id = %(user_id)s AND l.played_at >= %(start)s AND l.played_at < %(end)s
        AND l.ms_played >= %(min_ms)s AND (%(content_type)s::text IS NULL OR l.content_type = %(content_type)s)
    GROUP BY l.artist_name, l.track_name, l.album_name
)
SELECT
    coalesce(sum(n.plays), 0)::bigint AS plays,
    coalesce(sum(n.ms_played), 0)::bigint AS ms_played,
    (SELECT count(*) FROM (SELECT DISTINCT d.artist_name FROM names AS d WHERE d.artist_name <> '') AS x) AS artists,
    (SELECT count(*) FROM (SELECT DISTINCT d.artist_name, d.track_name FROM names AS d WHERE d.track_name <> '') AS x) AS tracks,
    (SELECT count(*) FROM (SELECT DISTINCT d.artist_name, d.album_name FROM names AS d WHERE d.album_name <> '') AS x) AS albums,
    min(n.first_played_at) AS first_played_at,
    max(n.last_played_at) AS last_played_at
FROM names AS n
