-- Plays and time by platform, and how many plays were skipped of those of which it is known. Skips are mostly short, so
-- that the minimal length does not hold for them. Index: primary key of listens alone.
SELECT
    l.platform,
    count(*) FILTER (WHERE l.ms_played >= %(min_ms)s) AS plays,
    coalesce(sum(l.ms_played) FILTER (WHERE l.ms_played >= %(min_ms)s), 0)::bigint AS ms_played,
    count(l.skipped) AS told, count(*) FILTER (WHERE l.skipped) AS skipped
FROM public.listens AS l
WHERE l.user_id = %(user_id)s AND l.played_at >= %(start)s AND l.played_at < %(end)s
    AND (%(content_type)s::text IS NULL OR l.content_type = %(content_type)s)
GROUP BY l.platform
