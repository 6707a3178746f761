-- Staged extended rows come in unless they are known. Nobody else writes this person's plays, so they can be looked for
-- first: ON CONFLICT takes more than twice the time, as it prepares each row to fail.
-- Index: primary key of listens, one range.
INSERT INTO public.listens (
    user_id, played_at, identity, cover, more_covers, source, content_type, track_name, artist_name, album_name,
    track_uri, ms_played, platform, skipped
)
SELECT
    %(user_id)s, s.played_at, s.identity, s.cover, s.more_covers, 'extended', s.content_type, s.track_name,
    s.artist_name, s.album_name, s.track_uri, s.ms_played, s.platform, s.skipped
FROM pg_temp.staged_listens AS s
WHERE NOT EXISTS (
    SELECT
    FROM public.listens AS l
    WHERE l.user_id = %(user_id)s AND l.played_at BETWEEN %(first)s AND %(last)s
        AND l.played_at = s.played_at AND l.identity = s.identity
)
