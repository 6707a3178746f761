-- Whether anything is there of a person. One statement, so that it sees everything at one moment: a job that is on its
-- way between the live table and history is in one of them. Reads live jobs, history and lanes from end to end.
SELECT
    EXISTS (SELECT FROM public.listens AS l WHERE l.user_id = %(user_id)s)
    OR EXISTS (SELECT FROM public.upload_jobs AS u WHERE u.user_id = %(user_id)s)
    OR EXISTS (SELECT FROM public.upload_files AS f WHERE f.user_id = %(user_id)s)
    OR EXISTS (SELECT FROM sluice.enqueue_keys AS k WHERE k.owner = %(owner)s)
    OR EXISTS (SELECT FROM sluice.lanes AS n WHERE n.lane = %(owner)s)
    OR EXISTS (SELECT FROM sluice.jobs AS j WHERE j.owner = %(owner)s OR j.lane = %(owner)s)
    OR EXISTS (SELECT FROM sluice.job_history AS h WHERE h.owner = %(owner)s OR h.lane = %(owner)s) AS found
