"""Large export files with rows of one kind, written piece by piece: nothing of them is held."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

MIB = 1 << 20

_FIRST = datetime(2010, 1, 1, tzinfo=UTC)
# A listen every four minutes and a bit, so that a million of them stay within the years that count.
_STEP = timedelta(seconds=247)


def _extended(number: int) -> dict[str, Any]:
    track = number * 7919 % 20_000
    return {
        "ts": f"{_time(number):%Y-%m-%dT%H:%M:%SZ}",
        "username": "nobody",
        "platform": "iOS 17.1 (iPhone14,5)",
        "ms_played": number * 104_729 % 400_000,
        "conn_country": "DE",
        "ip_addr_decrypted": "198.51.100.7",
        "user_agent_decrypted": "unknown",
        "master_metadata_track_name": f"A track of the number {track}",
        "master_metadata_album_artist_name": f"The Band of {track % 5_000}",
        "master_metadata_album_album_name": f"Album {track % 9_000}",
        "spotify_track_uri": f"spotify:track:{track:022}",
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "reason_start": "trackdone",
        "reason_end": "trackdone",
        "shuffle": False,
        "skipped": None,
        "offline": False,
        "offline_timestamp": 0,
        "incognito_mode": False,
    }


def _account(number: int) -> dict[str, Any]:
    track = number * 7919 % 20_000
    return {
        "endTime": f"{_time(number):%Y-%m-%d %H:%M}",
        "artistName": f"The Band of {track % 5_000}",
        "trackName": f"A track of the number {track}",
        "msPlayed": number * 104_729 % 400_000,
    }


def _podcast(number: int) -> dict[str, Any]:
    account = _account(number)
    names = {"podcastName": account["artistName"], "episodeName": account["trackName"]}
    return {"endTime": account["endTime"], **names, "msPlayed": account["msPlayed"]}


def _audiobook(number: int) -> dict[str, Any]:
    account = _account(number)
    names = {"audiobookName": account["artistName"], "chapterName": account["trackName"], "authorName": "Somebody"}
    return {"endTime": account["endTime"], **names, "msPlayed": account["msPlayed"]}


def _listenbrainz(number: int) -> dict[str, Any]:
    track = number * 7919 % 20_000
    names = {"artist_name": f"The Band of {track % 5_000}", "track_name": f"A track of the number {track}"}
    info = {"duration_ms": 100_000 + track, "submission_client": "player", "tags": []}
    metadata = {**names, "release_name": f"Album {track % 9_000}", "additional_info": info}
    return {
        "listened_at": int(_time(number).timestamp()),
        "recording_msid": f"{track:032x}",
        "track_metadata": metadata,
    }


def _smallest(number: int) -> dict[str, Any]:
    """The most plays for the least bytes: what a parser has to hold the most for."""
    return {
        "ts": f"{_time(number % 1_000_000):%Y-%m-%dT%H:%M:%SZ}",
        "ms_played": number % 86_400_000,
        "episode_name": "a",
    }


KINDS: Mapping[str, Callable[[int], dict[str, Any]]] = {
    "extended": _extended,
    "account music": _account,
    "account podcast": _podcast,
    "account audiobook": _audiobook,
    "listenbrainz": _listenbrainz,
    "smallest rows": _smallest,
}


def file_of_rows(kind: str, rows: int, first: int = 0) -> bytes:
    """Gives a file of so many rows."""
    make = KINDS[kind]
    return b"[" + b",".join(_written(make(number)) for number in range(first, first + rows)) + b"]"


def pieces_of_file(kind: str, size: int) -> Iterator[bytes]:
    """Gives a file of at most `size` bytes, and not much less."""
    make = KINDS[kind]
    yield b"["
    written = 2
    for number in count():
        row = (b"," if number else b"") + _written(make(number))
        written += len(row)
        if written > size:
            break
        yield row
    yield b"]"


def _written(row: dict[str, Any]) -> bytes:
    return json.dumps(row, separators=(",", ":")).encode()


def _time(number: int) -> datetime:
    return _FIRST + number * _STEP
