-- How many plays of a person are there to be forgotten. Index: primary key of listens.
SELECT count(*) AS plays
FROM public.listens AS l
WHERE l.user_id = %(user_id)s
