-- Opens an empty upload of a person.
INSERT INTO public.upload_jobs AS u (id, user_id, filename, expected_size)
VALUES (%(upload_id)s, %(user_id)s, %(filename)s, %(expected_size)s)
RETURNING u.created_at + %(hours)s * interval '1 hour' AS expires_at
