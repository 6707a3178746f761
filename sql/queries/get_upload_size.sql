-- How much an upload holds by now, to be held against its limits.
SELECT count(*) AS files, coalesce(sum(f.size), 0)::bigint AS bytes
FROM public.upload_files AS f
WHERE f.upload_id = %(upload_id)s
