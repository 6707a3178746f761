-- A page of the artists by plays or by time, ties by name; those that stand for nobody are left out.
-- Grouped by hashes in the index; names are looked up for the page alone and what ties with its ends, each by one play.
-- Names are in the order of their code points, everywhere alike. Index: primary key of listens.
WITH groups AS MATERIALIZED (
    SELECT
        l.artist_key, min(l.played_at) AS played_at, count(*) AS plays, sum(l.ms_played) AS ms_played,
        CASE WHEN %(by_plays)s THEN count(*) ELSE sum(l.ms_played) END AS rank
    FROM public.listens AS l
    WHERE l.user_id = %(user_id)s AND l.played_at >= %(start)s AND l.played_at < %(end)s
        AND l.ms_played >= %(min_ms)s AND (%(content_type)s::text IS NULL OR l.content_type = %(content_type)s)
    GROUP BY l.artist_key
),
ranking AS (
    SELECT g.artist_key, g.played_at, g.plays, g.ms_played, g.rank
    FROM groups AS g
    WHERE g.artist_key NOT IN (hashtextextended('', 0), hashtextextended(%(unknown_artist)s, 0))
),
candidates AS (
    SELECT r.artist_key, r.played_at, r.plays, r.ms_played, r.rank
    FROM ranking AS r
    WHERE r.rank = %(after_rank)s
    UNION ALL
    (
        SELECT r.artist_key, r.played_at, r.plays, r.ms_played, r.rank
        FROM ranking AS r
        WHERE %(after_rank)s::bigint IS NULL OR r.rank < %(after_rank)s
        ORDER BY r.rank DESC
        FETCH FIRST %(count)s ROWS WITH TIES
    )
)
SELECT n.name, n.artist_name, c.plays, c.ms_played, c.rank
FROM candidates AS c
CROSS JOIN LATERAL (
    SELECT l.artist_name COLLATE "C" AS name, '' COLLATE "C" AS artist_name
    FROM public.listens AS l
    WHERE l.user_id = %(user_id)s AND l.played_at = c.played_at AND l.artist_key = c.artist_key
    LIMIT 1
) AS n
WHERE %(after_rank)s::bigint IS NULL
    OR c.rank < %(after_rank)s
    OR (n.name, n.artist_name) > (%(after_name)s, %(after_artist_name)s)
ORDER BY c.rank DESC, n.name, n.artist_name
LIMIT %(count)s
