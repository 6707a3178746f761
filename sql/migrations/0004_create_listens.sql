-- New table; older code keeps working. Plays, by person: the key begins with the time, which is how they come and are read.
CREATE TABLE public.listens (
    user_id uuid NOT NULL,
    played_at timestamptz NOT NULL,
    -- A 128-bit hash: plays of one person that agree in it and in the time are the same play.
    identity uuid NOT NULL,
    -- The identity that an account row of this play would have; equal to identity in account rows.
    cover uuid NOT NULL,
    -- Covers of further names under which the play was seen.
    more_covers uuid[],
    source text NOT NULL,
    content_type text NOT NULL,
    track_name text NOT NULL,
    artist_name text NOT NULL,
    album_name text,
    track_uri text,
    ms_played integer NOT NULL,
    platform text,
    skipped boolean,
    PRIMARY KEY (user_id, played_at, identity),
    CONSTRAINT listens_source CHECK (source IN ('account', 'extended')),
    CONSTRAINT listens_content_type CHECK (content_type IN ('music', 'podcast', 'audiobook', 'video')),
    CONSTRAINT listens_ms_played CHECK (ms_played >= 0)
) PARTITION BY HASH (user_id);
COMMENT ON TABLE public.listens IS 'Plays. An episode is a track_name and its show an artist_name.';

-- In the engine's schema: row level security of the parent does not protect a partition that is addressed directly.
DO $$
BEGIN
    FOR remainder IN 0..7 LOOP
        EXECUTE format('CREATE TABLE sluice.listens_%s PARTITION OF public.listens FOR VALUES WITH (MODULUS 8, REMAINDER %s)',
            remainder, remainder);
        EXECUTE format('REVOKE ALL ON sluice.listens_%s FROM PUBLIC, anon, authenticated', remainder);
    END LOOP;
END
$$;

REVOKE ALL ON public.listens FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.listens TO sluice_coordinator;
GRANT SELECT ON public.listens TO authenticated;
ALTER TABLE public.listens ENABLE ROW LEVEL SECURITY;
CREATE POLICY "Users can view own listens" ON public.listens
    FOR SELECT TO authenticated USING ((SELECT auth.uid()) = user_id);
CREATE POLICY "Coordinator" ON public.listens TO sluice_coordinator USING (true) WITH CHECK (true);
