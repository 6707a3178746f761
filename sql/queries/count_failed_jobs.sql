-- Counts a piece of the failed jobs of a queue, those that finished after a time; with all that finished at the last moment of it.
-- Index: job_history_failed in each day.
SELECT count(*) AS jobs, max(p.finished_at) AS last_at
FROM (
    SELECT h.finished_at
    FROM sluice.job_history AS h
    WHERE h.queue = %(queue)s AND h.state = 'failed' AND h.finished_at > %(after)s
    ORDER BY h.finished_at
    FETCH FIRST %(jobs)s ROWS WITH TIES
) AS p
