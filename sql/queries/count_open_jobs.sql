-- Counts a piece of the unfinished jobs, those after an id, by queue and state; tells the last id of the piece.
-- Index: primary key of jobs.
WITH piece AS MATERIALIZED (
    SELECT j.id, j.queue, j.state
    FROM sluice.jobs AS j
    WHERE j.id > %(after)s
    ORDER BY j.id
    LIMIT %(jobs)s
)
SELECT p.queue, p.state, count(*) AS jobs, (SELECT l.id FROM piece AS l ORDER BY l.id DESC LIMIT 1) AS last_id
FROM piece AS p
GROUP BY p.queue, p.state
