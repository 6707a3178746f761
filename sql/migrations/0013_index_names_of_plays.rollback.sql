-- Nothing is lost: the hashes are of what stays.
ALTER TABLE public.listens
    DROP CONSTRAINT listens_pkey,
    DROP COLUMN album_key,
    DROP COLUMN track_key,
    DROP COLUMN artist_key,
    ADD CONSTRAINT listens_pkey PRIMARY KEY (user_id, played_at, identity);
