-- Plays and time by the hour of the week, Monday's first, on the clocks of a time zone. As long as clocks do not change,
-- that is the time since a Monday, a tenth of the cost of putting each play into the calendar, which is left for those
-- around a change. No zone changes twice within three days. Index: primary key of listens alone.
WITH first AS (
    SELECT l.played_at
    FROM public.listens AS l
    WHERE l.user_id = %(user_id)s AND l.played_at >= %(start)s AND l.played_at < %(end)s
    ORDER BY l.played_at
    LIMIT 1
),
last AS (
    SELECT l.played_at
    FROM public.listens AS l
    WHERE l.user_id = %(user_id)s AND l.played_at >= %(start)s AND l.played_at < %(end)s
    ORDER BY l.played_at DESC
    LIMIT 1
),
ends AS (
    SELECT d.start, timezone(%(time_zone)s, d.start) - timezone('UTC', d.start) AS ahead
    FROM first AS f
    CROSS JOIN last AS t
    CROSS JOIN LATERAL generate_series(f.played_at, t.played_at + interval '72 hours', interval '72 hours') AS d (start)
),
changes AS (
    SELECT d.start, d.ahead, lead(d.start) OVER in_order AS next_start, lead(d.ahead) OVER in_order <> d.ahead AS changing
    FROM ends AS d
    WINDOW in_order AS (ORDER BY d.start)
),
numbered AS (
    SELECT c.start, c.next_start, c.ahead, c.changing, count(*) FILTER (WHERE c.changing) OVER (ORDER BY c.start) AS number
    FROM changes AS c
    WHERE c.next_start IS NOT NULL
),
steady AS MATERIALIZED (
    SELECT min(n.start) AS start, max(n.next_start) AS next_start, timestamptz '0001-01-01 00:00+00' - n.ahead AS monday
    FROM numbered AS n
    WHERE NOT n.changing
    GROUP BY n.number, n.ahead
),
hours AS (
    SELECT p.since_monday, p.plays, p.ms_played
    FROM steady AS s
    CROSS JOIN LATERAL (
        SELECT
            date_bin('1 hour', l.played_at, s.monday) - date_bin('168 hours', l.played_at, s.monday) AS since_monday,
            count(*) AS plays, sum(l.ms_played) AS ms_played
        FROM public.listens AS l
        WHERE l.user_id = %(user_id)s AND l.played_at >= s.start AND l.played_at < s.next_start AND l.played_at < %(end)s
            AND l.ms_played >= %(min_ms)s AND (%(content_type)s::text IS NULL OR l.content_type = %(content_type)s)
        GROUP BY 1
    ) AS p
    UNION ALL
    SELECT p.since_monday, p.plays, p.ms_played
    FROM numbered AS n
    CROSS JOIN LATERAL (
        SELECT
            date_bin('1 hour', timezone(%(time_zone)s, l.played_at), timestamp '0001-01-01')
                - date_bin('168 hours', timezone(%(time_zone)s, l.played_at), timestamp '0001-01-01') AS since_monday,
            count(*) AS plays, sum(l.ms_played) AS ms_played
        FROM public.listens AS l
        WHERE l.user_id = %(user_id)s AND l.played_at >= n.start AND l.played_at < n.next_start AND l.played_at < %(end)s
            AND l.ms_played >= %(min_ms)s AND (%(content_type)s::text IS NULL OR l.content_type = %(content_type)s)
        GROUP BY 1
    ) AS p
    WHERE n.changing
)
SELECT
    (extract(epoch FROM h.since_monday) / 3600)::integer AS hour_of_week,
    sum(h.plays)::bigint AS plays, sum(h.ms_played)::bigint AS ms_played
FROM hours AS h
GROUP BY h.since_monday
