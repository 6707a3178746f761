-- So many of a person's plays, oldest first, after a place; keys are found in the index before rows are read.
-- One bound below, since of two the index would begin at the wrong one. Index: primary key of listens.
WITH page AS MATERIALIZED (
    SELECT l.played_at, l.identity
    FROM public.listens AS l
    WHERE l.user_id = %(user_id)s AND (l.played_at, l.identity) > (%(after)s, %(after_identity)s) AND l.played_at < %(end)s
        AND l.ms_played >= %(min_ms)s AND (%(content_type)s::text IS NULL OR l.content_type = %(content_type)s)
    ORDER BY l.played_at, l.identity
    LIMIT %(count)s
)
SELECT
    l.played_at, l.identity, l.source, l.content_type, l.track_name, l.artist_name, l.album_name, l.track_uri,
    l.ms_played, l.platform, l.skipped
FROM page AS p
JOIN public.listens AS l ON l.user_id = %(user_id)s AND l.played_at = p.played_at AND l.identity = p.identity
ORDER BY l.played_at, l.identity
