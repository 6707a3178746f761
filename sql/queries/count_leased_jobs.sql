-- Gives slots to jobs that were leased before their queue was guarded: among the 20,000 live jobs after an id. Tells the last of
-- them, and how many slots are missing still because somebody has the job locked.
-- Locks: jobs with SKIP LOCKED. Index: primary key of jobs.
WITH looked_at AS MATERIALIZED (
    SELECT j.id, j.queue = %(queue)s AND j.state = 'processing' AND j.slot IS NULL AS uncounted
    FROM sluice.jobs AS j
    WHERE j.id > %(after)s
    ORDER BY j.id
    LIMIT 20000
),
locked AS MATERIALIZED (
    SELECT j.id
    FROM sluice.jobs AS j
    WHERE j.id = ANY (ARRAY(SELECT l.id FROM looked_at AS l WHERE l.uncounted)) AND j.state = 'processing' AND j.slot IS NULL
    FOR UPDATE SKIP LOCKED
),
counted AS (
    UPDATE sluice.jobs AS j
    SET slot = 'running'
    WHERE j.id = ANY (ARRAY(SELECT l.id FROM locked AS l))
    RETURNING j.id
)
SELECT
    (SELECT l.id FROM looked_at AS l ORDER BY l.id DESC LIMIT 1) AS last,
    (SELECT count(*) FROM looked_at AS l WHERE l.uncounted) - (SELECT count(*) FROM counted) AS missing
