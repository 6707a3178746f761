-- A page of the artists by plays or by time, ties by name; those that stand for nobody are left out.
-- Names are in the order of their code points, everywhere alike. Index: primary key of listens.
WITH ranking AS (
    SELECT
        l.artist_name COLLATE "C" AS name, '' COLLATE "C" AS artist_name, count(*) AS plays,
        sum(l.ms_played) AS ms_played, CASE WHEN %(by_plays)s THEN count(*) ELSE sum(l.ms_played) END AS rank
    FROM public.listens AS l
    WHERE l.user_id = %(user_id)s AND l.played_at >= %(start)s AND l.played_at < %(end)s
        AND l.ms_played >= %(min_ms)s AND (%(content_type)s::text IS NULL OR l.content_type = %(content_type)s)
        AND l.artist_name NOT IN ('', %(unknown_artist)s)
    GROUP BY l.artist_name
)
SELECT r.name, r.artist_name, r.plays, r.ms_played, r.rank
FROM ranking AS r
WHERE %(after_rank)s::bigint IS NULL
    OR r.rank < %(after_rank)s
    OR (r.rank = %(after_rank)s AND (r.name, r.artist_name) > (%(after_name)s, %(after_artist_name)s))
ORDER BY r.rank DESC, r.name, r.artist_name
LIMIT %(count)s
