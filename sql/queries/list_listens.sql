-- A page of a person's plays, newest first, below a place; keys are found in the index before rows are read.
-- Late: extended plays that have come into the minute above the place since it was told. They are shown unless the account
-- row that they replace was: under whatever name they were seen, it would have that cover for its identity.
-- One bound above, since of two the index would begin at the wrong one. Index: primary key of listens.
WITH late AS (
    SELECT l.played_at, l.identity
    FROM public.listens AS l
    WHERE l.user_id = %(user_id)s AND l.played_at >= %(start)s AND l.played_at < %(end)s
        AND l.played_at >= %(minute)s AND l.played_at < %(minute)s + interval '1 minute'
        AND (l.played_at, l.identity) > (%(before)s, %(before_identity)s)
        AND l.ms_played >= %(min_ms)s AND (%(content_type)s::text IS NULL OR l.content_type = %(content_type)s)
        AND l.source = 'extended' AND substr(uuid_send(l.identity), 1, 6) <> ALL (%(shown)s::bytea[])
        AND NOT EXISTS (
            SELECT
            FROM unnest(array_prepend(l.cover, l.more_covers)) AS c (cover)
            WHERE (%(minute)s, c.cover) >= (%(before)s, %(before_identity)s)
        )
),
earlier AS (
    SELECT l.played_at, l.identity
    FROM public.listens AS l
    WHERE l.user_id = %(user_id)s AND l.played_at >= %(start)s
        AND (l.played_at, l.identity) < (%(before)s, %(before_identity)s)
        AND l.ms_played >= %(min_ms)s AND (%(content_type)s::text IS NULL OR l.content_type = %(content_type)s)
    ORDER BY l.played_at DESC, l.identity DESC
    LIMIT %(count)s
),
page AS MATERIALIZED (
    SELECT a.played_at, a.identity
    FROM late AS a
    UNION ALL
    SELECT e.played_at, e.identity
    FROM earlier AS e
)
SELECT
    l.played_at, l.identity, l.source, l.content_type, l.track_name, l.artist_name, l.album_name, l.track_uri,
    l.ms_played, l.platform, l.skipped
FROM page AS p
JOIN public.listens AS l ON l.user_id = %(user_id)s AND l.played_at = p.played_at AND l.identity = p.identity
ORDER BY l.played_at DESC, l.identity DESC
LIMIT %(count)s
