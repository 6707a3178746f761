-- How jobs of an owner ended. Index: job_history's on id in each day.
SELECT h.id, h.state
FROM sluice.job_history AS h
WHERE h.id = ANY (%(job_ids)s::uuid[]) AND h.owner = %(owner)s
