-- How many files an upload has, archives left out.
SELECT count(*) AS files
FROM public.upload_files AS f
WHERE f.upload_id = %(upload_id)s AND NOT f.archive
