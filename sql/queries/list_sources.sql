-- Which period the plays of each source cover, and how many there are. Index: primary key of listens; the source is in the rows.
SELECT l.source, count(*) AS plays, min(l.played_at) AS first_played_at, max(l.played_at) AS last_played_at
FROM public.listens AS l
WHERE l.user_id = %(user_id)s
GROUP BY l.source
ORDER BY l.source
