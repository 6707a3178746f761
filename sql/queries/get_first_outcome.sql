-- What a commit under this lease answered, where one completed the job: a repeat is told the same.
-- Index: job_history's on id in each day.
SELECT f.inserted_records, f.duplicate_records, f.superseded_records
FROM sluice.job_history AS h
JOIN public.upload_files AS f ON f.id = h.file_id
WHERE h.id = %(job_id)s AND h.ended_token = %(token)s AND h.ended_verb = 'complete'
