-- Gives slots to jobs that were leased before their queue was guarded; tells how many are without because somebody has them
-- locked, a commit most likely, or has just ended them.
-- Locks: jobs with SKIP LOCKED. Index: primary key of jobs.
WITH uncounted AS MATERIALIZED (
    SELECT j.id
    FROM sluice.jobs AS j
    WHERE j.id = ANY (%(job_ids)s::uuid[]) AND j.state = 'processing' AND j.slot IS NULL
    FOR UPDATE SKIP LOCKED
),
counted AS (
    UPDATE sluice.jobs AS j
    SET slot = 'running'
    WHERE j.id = ANY (ARRAY(SELECT u.id FROM uncounted AS u))
    RETURNING j.id
)
SELECT cardinality(%(job_ids)s::uuid[]) - (SELECT count(*) FROM counted) AS missing
