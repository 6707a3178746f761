-- Opens an empty upload of a person.
INSERT INTO public.upload_jobs (id, user_id, filename)
VALUES (%(upload_id)s, %(user_id)s, %(filename)s)
