-- A new index and what it needs; older code keeps working. The table is rewritten under a lock: ten seconds a million plays.
-- Hashes stand for the names, since 8 bytes are grouped in a third of the time that texts take. 64 bits suffice: among
-- 20,000 names of one person, two agree once in 10^11 histories. A track's and an album's are seeded with the artist's.
ALTER TABLE public.listens
    DROP CONSTRAINT listens_pkey,
    ADD COLUMN artist_key bigint NOT NULL GENERATED ALWAYS AS (hashtextextended(artist_name, 0)) STORED,
    ADD COLUMN track_key bigint NOT NULL
        GENERATED ALWAYS AS (hashtextextended(track_name, hashtextextended(artist_name, 0))) STORED,
    -- Null where there is no album.
    ADD COLUMN album_key bigint
        GENERATED ALWAYS AS (hashtextextended(nullif(album_name, ''), hashtextextended(artist_name, 0))) STORED,
    ADD CONSTRAINT listens_pkey PRIMARY KEY (user_id, played_at, identity)
        INCLUDE (artist_key, track_key, album_key, ms_played, content_type);
