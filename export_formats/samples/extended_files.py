"""A history as the extended export writes it: every row to the second, in three generations of keys."""

import datetime
import random
from collections.abc import Iterable
from typing import Any, Literal

from export_formats.samples.drift import Drift
from export_formats.samples.history import TruePlay
from export_formats.samples.layouts import EXTENDED, MINIFIED, Layout

Generation = Literal["A", "B", "C"]
"""21 keys until October 2024, 19 until January 2025, 23 since March 2025."""

Row = dict[str, Any]

CANARIES = ("canary-username", "canary-ip-address", "canary-user-agent", "canary-device-id")
"""What stands in the personal fields: none of it may be found anywhere afterwards."""


def extended_files(
    history: Iterable[TruePlay],
    generation: Generation = "C",
    *,
    rows_a_file: int = 16_000,
    duplicates: float = 0.0,
    overlap: int = 0,
    drift: float = 0.0,
    seed: int = 0,
) -> dict[str, bytes]:
    """Write a history as audio and video files, by name.

    `duplicates` is the part of the rows that stand twice in their file, `overlap` the number of rows with
    which a file repeats the end of the one before, `drift` the part of all items whose names are spelled
    anew.
    """
    rng = random.Random(seed)  # noqa: S311 -- to be repeated, not to be secret
    spelling = Drift(seed, drift)
    plays = [*history]
    years = _years(plays)
    files: dict[str, bytes] = {}
    for is_video in (False, True):
        chosen = [play for play in plays if (play.item.kind == "video") == is_video]
        for number, start in enumerate(range(0, len(chosen), rows_a_file)):
            part = chosen[max(0, start - overlap) : start + rows_a_file]
            rows = [_row(play, generation, rng, spelling) for play in part]
            rows += [row for row in rows if rng.random() < duplicates]
            files[_name(generation, years, number, is_video=is_video)] = _layout(generation).render(rows)
    return files


def _years(plays: list[TruePlay]) -> str:
    years = {datetime.datetime.fromtimestamp(play.ended_at, datetime.UTC).year for play in plays} or {2021}
    return "-".join(str(year) for year in sorted({min(years), max(years)}))


def _name(generation: Generation, years: str, number: int, *, is_video: bool) -> str:
    suffix = f"_{number}" if number or not is_video else ""  # there mostly is one file of videos, without a number
    if generation == "A":
        return f"{'endvideo' if is_video else 'endsong'}{suffix}.json"
    return f"Streaming_History_{'Video' if is_video else 'Audio'}_{years}{suffix}.json"


def _row(play: TruePlay, generation: Generation, rng: random.Random, spelling: Drift) -> Row:
    ended = datetime.datetime.fromtimestamp(play.ended_at, datetime.UTC)
    row: Row = {"ts": f"{ended:%Y-%m-%dT%H:%M:%SZ}"}
    if generation == "A":
        row["username"] = "canary-username"
    row |= {
        "platform": play.platform,
        "ms_played": play.ms_played,
        "conn_country": rng.choice(("DE", "ZZ", "")),
    }
    row |= _personal(generation)
    row |= _content(play, generation, *spelling.names(play.item))
    skipped = None if generation == "A" and rng.random() < 0.57 else play.skipped
    stamps = (0, play.ended_at, play.ended_at * 1000 + 7, None)
    return row | {
        "reason_start": rng.choice(("clickrow", "trackdone", "fwdbtn")),
        "reason_end": rng.choice(("trackdone", "endplay", "", None)),
        "shuffle": rng.random() < 0.5,
        "skipped": skipped,
        "offline": rng.choice((False, True, None)),
        "offline_timestamp": rng.choice(stamps),
        "incognito_mode": False,
    }


def _personal(generation: Generation) -> Row:
    if generation == "A":
        return {"ip_addr_decrypted": "canary-ip-address", "user_agent_decrypted": "canary-user-agent"}
    return {"ip_addr": "canary-ip-address"}


def _content(play: TruePlay, generation: Generation, group: str, name: str) -> Row:
    item = play.item
    is_track = item.kind in {"music", "video"}
    is_episode = item.kind == "podcast"
    row = {
        "master_metadata_track_name": name if is_track else None,
        "master_metadata_album_artist_name": group if is_track else None,
        "master_metadata_album_album_name": item.album if is_track else None,
        "spotify_track_uri": item.uri if is_track else None,
        "episode_name": name or None if is_episode else None,
        "episode_show_name": group if is_episode else None,
        "spotify_episode_uri": item.uri if is_episode else None,
    }
    is_chapter = item.kind == "audiobook"
    if generation == "C":
        row |= {
            "audiobook_title": group if is_chapter else None,
            "audiobook_uri": "spotify:show:book" if is_chapter else None,
            "audiobook_chapter_uri": item.uri if is_chapter else None,
            "audiobook_chapter_title": name if is_chapter else None,
        }
    return row


def _layout(generation: Generation) -> Layout:
    return MINIFIED if generation == "A" else EXTENDED
