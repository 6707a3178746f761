"""Tiny histories in which everything meets: few seconds, few lengths, few names, so that nearly all rows collide."""

from __future__ import annotations

import json
import random
from typing import Any

from tests.unit.export_formats.exports import Row, account_row, extended_row

_SECONDS = 130
_LENGTHS = (0, 1_000)
_ARTISTS = ("Foxes", "FOXES ", "Straße", "STRASSE", "Cafe\u0301")
_TRACKS = ("Ashes", "ashes", "Ashes (Live)", "Embers")
_URIS = ("spotify:track:1", "spotify:track:2", "spotify:track:3", None)


def account(second: int, artist: str, track: str, length: int) -> Row:
    """Gives a row of account data, so many seconds after midnight."""
    return account_row(endTime=f"2024-01-01 00:{second // 60:02}", artistName=artist, trackName=track, msPlayed=length)


def extended(second: int, artist: str, track: str, length: int, uri: str | None) -> Row:
    """Gives a row of the extended history, so many seconds after midnight."""
    return extended_row(
        ts=f"2024-01-01T00:{second // 60:02}:{second % 60:02}Z",
        ms_played=length,
        master_metadata_album_artist_name=artist,
        master_metadata_track_name=track,
        spotify_track_uri=uri,
    )


def small_history(seed: int) -> list[bytes]:
    """Gives files of both families that overlap in time, with rows told twice, and under names that drift."""
    rng = random.Random(seed)
    heard = [_play(rng) for _ in range(rng.randint(3, 14))]
    told = [_row(rng, play) for play in heard for _ in range(rng.randint(1, 4))]
    of_account = [row for row in told if "endTime" in row]
    of_extended = [row for row in told if "ts" in row]
    return [*_files(rng, of_account), *_files(rng, of_extended)]


def file_of(*rows: Row) -> bytes:
    """Writes rows as a file."""
    return json.dumps(rows).encode()


def _play(rng: random.Random) -> tuple[int, str, int, str | None]:
    return rng.randrange(_SECONDS), rng.choice(_ARTISTS), rng.choice(_LENGTHS), rng.choice(_URIS)


def _row(rng: random.Random, play: tuple[int, str, int, str | None]) -> Row:
    second, artist, length, uri = play
    track = rng.choice(_TRACKS)
    if rng.random() < 0.4:
        return account(second, artist, track, length)
    return extended(second, artist, track, length, uri)


def _files(rng: random.Random, rows: list[dict[str, Any]]) -> list[bytes]:
    """Spreads rows over files in any way, and some of them over two."""
    count = rng.randint(1, 4)
    spread: list[list[Row]] = [[] for _ in range(count)]
    for row in rows:
        for part in rng.sample(spread, min(count, rng.choice((1, 1, 1, 2)))):
            part.append(row)
    return [file_of(*part) for part in spread if part]
