-- The rows of one file, in the order in which coordinator/copy_rows.py writes their columns.
COPY pg_temp.staged_listens (
    played_at, identity, cover, ms_played, content_type, skipped,
    track_name, artist_name, album_name, track_uri, platform, more_covers
)
FROM STDIN (FORMAT BINARY)
