-- Nothing is lost: the index tells less.
ALTER TABLE public.listens
    DROP CONSTRAINT listens_pkey,
    ADD CONSTRAINT listens_pkey PRIMARY KEY (user_id, played_at, identity)
        INCLUDE (artist_key, track_key, album_key, ms_played, content_type);
