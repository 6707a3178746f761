-- What became of a file's rows, as its commit saw it. The status is written by whatever ends the job.
-- Locks: upload_files.
UPDATE public.upload_files AS f
SET format = %(format)s,
    total_records = %(inserted)s::bigint + %(duplicate)s::bigint + %(rejected)s::bigint,
    inserted_records = %(inserted)s,
    duplicate_records = %(duplicate)s,
    rejected_records = %(rejected)s,
    superseded_records = %(superseded)s,
    rejections = %(rejections)s,
    rejected_rows = %(rejected_rows)s,
    updated_at = sluice.now()
WHERE f.id = %(file_id)s
