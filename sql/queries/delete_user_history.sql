-- Forget: a person's jobs that have ended, and the name of their lane where somebody else's job stood in it.
-- Locks: history by row, before live jobs: whoever takes a job out of it goes on to those. Reads history from end to end.
WITH strangers AS (
    UPDATE sluice.job_history AS h
    SET lane = NULL
    WHERE h.lane = %(owner)s AND h.owner <> %(owner)s
)
DELETE FROM sluice.job_history AS h
WHERE h.owner = %(owner)s
