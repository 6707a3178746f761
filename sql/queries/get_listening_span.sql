-- When the first and the last of a person's plays were. Index: primary key of listens, from either end.
SELECT min(l.played_at) AS first_played_at, max(l.played_at) AS last_played_at
FROM public.listens AS l
WHERE l.user_id = %(user_id)s AND l.played_at >= %(start)s AND l.played_at < %(end)s
    AND l.ms_played >= %(min_ms)s AND (%(content_type)s::text IS NULL OR l.content_type = %(content_type)s)
