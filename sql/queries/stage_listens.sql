-- Where the rows of one file wait for the merge; gone with the transaction.
CREATE TEMPORARY TABLE staged_listens (
    played_at timestamptz NOT NULL,
    identity uuid NOT NULL,
    cover uuid NOT NULL,
    ms_played integer NOT NULL,
    content_type text NOT NULL,
    skipped boolean,
    track_name text NOT NULL,
    artist_name text NOT NULL,
    album_name text,
    track_uri text,
    platform text,
    more_covers uuid[]
) ON COMMIT DROP
