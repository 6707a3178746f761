-- How many sessions there were, their time in all, and the longest: plays with at most half an hour of silence between them.
-- Within half an hour of the clock plays end too close for a silence, so that these alone are put in order. Backwards, since
-- what was begun long before it ended may fill a silence. Index: primary key of listens alone.
WITH spans AS MATERIALIZED (
    SELECT
        date_bin('30 minutes', l.played_at, timestamptz '2000-01-01 00:00+00') AS half_hour,
        min(l.played_at - l.ms_played * interval '1 millisecond') AS start, max(l.played_at) AS finish
    FROM public.listens AS l
    WHERE l.user_id = %(user_id)s AND l.played_at >= %(start)s AND l.played_at < %(end)s
        AND l.ms_played >= %(min_ms)s AND (%(content_type)s::text IS NULL OR l.content_type = %(content_type)s)
    GROUP BY 1
),
silences AS (
    SELECT min(s.start) OVER backwards AS start, lead(s.finish) OVER backwards AS silent_since
    FROM spans AS s
    WINDOW backwards AS (ORDER BY s.half_hour DESC)
),
beginnings AS (
    SELECT s.start, s.silent_since
    FROM silences AS s
    WHERE s.silent_since IS NULL OR s.start > s.silent_since + interval '30 minutes'
),
sessions AS MATERIALIZED (
    SELECT
        b.start,
        coalesce(lead(b.silent_since) OVER (ORDER BY b.start), (SELECT max(s.finish) FROM spans AS s)) AS finish
    FROM beginnings AS b
),
longest AS (
    SELECT s.start, s.finish
    FROM sessions AS s
    ORDER BY s.finish - s.start DESC, s.start
    LIMIT 1
)
SELECT
    (SELECT count(*) FROM sessions) AS sessions,
    (SELECT coalesce(round(1000 * sum(extract(epoch FROM s.finish - s.start))), 0)::bigint FROM sessions AS s) AS ms,
    (SELECT t.start FROM longest AS t) AS longest_start,
    (SELECT t.finish FROM longest AS t) AS longest_end
