-- Forget: a person's plays from a time on (null: from the first), about so many, to the end of a second; tells where to go
-- on, past what is deleted already and not yet cleaned up. Under the user's lock: a commit looks for plays that are there.
-- Index: primary key of listens, one range.
WITH gone AS (
    DELETE FROM public.listens AS l
    WHERE l.user_id = %(user_id)s
        AND l.played_at >= coalesce(%(start)s::timestamptz, '-infinity')
        AND l.played_at <= coalesce((
            SELECT o.played_at
            FROM public.listens AS o
            WHERE o.user_id = %(user_id)s AND o.played_at >= coalesce(%(start)s::timestamptz, '-infinity')
            ORDER BY o.played_at
            OFFSET %(most)s - 1
            LIMIT 1
        ), 'infinity')
    RETURNING l.played_at
)
SELECT count(*) AS plays, max(g.played_at) AS last
FROM gone AS g
