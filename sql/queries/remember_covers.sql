-- A known extended row learns the names under which a staged one has it: an account row with any of them is that play.
-- Index: primary key of listens, one range.
WITH seen AS (
    SELECT l.played_at, l.identity, array_agg(DISTINCT name.cover) AS covers
    FROM pg_temp.staged_listens AS s
    JOIN public.listens AS l ON l.played_at = s.played_at AND l.identity = s.identity
    CROSS JOIN LATERAL unnest(s.cover || s.more_covers) AS name (cover)
    WHERE l.user_id = %(user_id)s AND l.played_at BETWEEN %(first)s AND %(last)s
        AND (s.cover <> l.cover OR s.more_covers IS NOT NULL)
        AND name.cover <> l.cover AND name.cover <> ALL (coalesce(l.more_covers, '{}'))
    GROUP BY l.played_at, l.identity
)
UPDATE public.listens AS l
SET more_covers = l.more_covers || seen.covers
FROM seen
WHERE l.user_id = %(user_id)s AND l.played_at BETWEEN %(first)s AND %(last)s
    AND l.played_at = seen.played_at AND l.identity = seen.identity
