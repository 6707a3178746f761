"""Rows and files for tests, whole unless a test says otherwise."""

import json
from typing import Any

Row = dict[str, Any]


def account_row(**changes: Any) -> Row:
    """Give a row of account music; a field set to `...` is left out."""
    return _changed(
        {"endTime": "2024-09-07 09:52", "artistName": "The Paper Foxes", "trackName": "Ashes", "msPlayed": 124_979},
        changes,
    )


def extended_row(**changes: Any) -> Row:
    """Give a row of the extended history, a track in generation C; a field set to `...` is left out."""
    return _changed(
        {
            "ts": "2024-09-07T09:52:31Z",
            "platform": "ios",
            "ms_played": 124_979,
            "conn_country": "DE",
            "ip_addr": "canary-ip-address",
            "master_metadata_track_name": "Ashes",
            "master_metadata_album_artist_name": "The Paper Foxes",
            "master_metadata_album_album_name": "Smoke",
            "spotify_track_uri": "spotify:track:1",
            "episode_name": None,
            "episode_show_name": None,
            "spotify_episode_uri": None,
            "audiobook_title": None,
            "audiobook_uri": None,
            "audiobook_chapter_uri": None,
            "audiobook_chapter_title": None,
            "reason_start": "trackdone",
            "reason_end": "trackdone",
            "shuffle": False,
            "skipped": False,
            "offline": False,
            "offline_timestamp": None,
            "incognito_mode": False,
        },
        changes,
    )


NO_TRACK: Row = {
    "master_metadata_track_name": None,
    "master_metadata_album_artist_name": None,
    "master_metadata_album_album_name": None,
    "spotify_track_uri": None,
}
"""What makes an extended row one without a track."""


def file_of(*rows: Any) -> bytes:
    """Write rows as a JSON file."""
    return json.dumps(rows, ensure_ascii=False).encode()


def _changed(row: Row, changes: Row) -> Row:
    return {name: value for name, value in (row | changes).items() if value is not ...}
