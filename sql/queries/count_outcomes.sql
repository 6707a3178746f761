-- What became of an upload's files, in numbers; no row where the person has no such upload.
SELECT
    count(f.id) FILTER (WHERE f.status IN ('pending', 'processing')) AS open_files,
    count(f.id) FILTER (WHERE f.status = 'cancelled') AS cancelled_files,
    coalesce(sum(f.inserted_records), 0)::bigint AS inserted_records,
    coalesce(sum(f.inserted_records - f.superseded_records), 0)::bigint AS kept_plays
FROM public.upload_jobs AS u
LEFT JOIN public.upload_files AS f ON f.upload_id = u.id
WHERE u.id = %(upload_id)s AND u.user_id = %(user_id)s
GROUP BY u.id
