-- Staged account rows come in unless a play has their cover: an account row, which is then the same, or an extended
-- one, under whatever name it was ever seen. Index: primary key of listens, one range.
WITH covers AS MATERIALIZED (
    SELECT l.cover
    FROM public.listens AS l
    WHERE l.user_id = %(user_id)s AND l.played_at >= %(first)s AND l.played_at < %(after_last_minute)s
    UNION ALL
    SELECT unnest(l.more_covers)
    FROM public.listens AS l
    WHERE l.user_id = %(user_id)s AND l.played_at >= %(first)s AND l.played_at < %(after_last_minute)s
        AND l.more_covers IS NOT NULL
)
INSERT INTO public.listens (
    user_id, played_at, identity, cover, source, content_type, track_name, artist_name, album_name,
    track_uri, ms_played, platform, skipped
)
SELECT
    %(user_id)s, s.played_at, s.identity, s.cover, 'account', s.content_type, s.track_name, s.artist_name,
    s.album_name, s.track_uri, s.ms_played, s.platform, s.skipped
FROM pg_temp.staged_listens AS s
WHERE NOT EXISTS (SELECT FROM covers AS c WHERE c.cover = s.identity)
