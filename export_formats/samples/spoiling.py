"""Rows that are no plays, put among those that are."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any, Final

from export_formats.samples.layouts import Layout

Row = dict[str, Any]
Fault = Callable[[random.Random, Row], Any]

_TIMES: Final = ("endTime", "ts")
_LENGTHS: Final = ("msPlayed", "ms_played")
_NAMES: Final = (
    *("artistName", "trackName", "podcastName", "episodeName", "audiobookName", "chapterName"),
    *("master_metadata_album_artist_name", "master_metadata_track_name"),
    *("episode_show_name", "episode_name", "audiobook_title", "audiobook_chapter_title"),
)
_URIS: Final = ("spotify_track_uri", "spotify_episode_uri", "audiobook_chapter_uri")


def respelled(content: bytes, layout: Layout, *, spoilt: float = 0.0, seed: int = 0) -> bytes:
    """Write a file anew in another layout; before some of its rows, a copy that is no play for one reason.

    `spoilt` is how many of these there are for each row. Each of the reasons for a rejection occurs.
    """
    rows: list[Any] = json.loads(content)
    rng = random.Random(seed)  # noqa: S311 -- to be repeated, not to be secret
    written = []
    for row in rows:
        if rng.random() < spoilt:
            written.append(rng.choice(_FAULTS)(rng, copy.copy(row)))
        written.append(row)
    return layout.render(written)


def _is_no_object(rng: random.Random, row: Row) -> Any:
    return rng.choice((None, 17, "a row", [row], [], True, 0.5))


def _lacks_a_field(rng: random.Random, row: Row) -> Row:
    needed = (*_TIMES, *_LENGTHS, *(_NAMES if "endTime" in row else ()))
    name = rng.choice([name for name in needed if name in row])
    if rng.random() < 0.5:
        del row[name]
        return row
    return row | {name: None}


def _has_a_bad_time(rng: random.Random, row: Row) -> Row:
    [name] = [name for name in _TIMES if name in row]
    good = str(row[name])
    bad = ("", "yesterday", f"1999{good[4:]}", f"2101{good[4:]}", f"{good[:5]}13{good[7:]}", f"{good}+02:00", 16e8)
    return row | {name: rng.choice(bad)}


def _has_a_bad_length(rng: random.Random, row: Row) -> Row:
    [name] = [name for name in _LENGTHS if name in row]
    return row | {name: rng.choice((-1, 86_400_001, 10**30, -(10**30), 1.5, "1000", True, []))}


def _has_a_bad_text(rng: random.Random, row: Row) -> Row:
    names = [name for name in _NAMES if row.get(name)]
    if not names:
        return _has_a_bad_length(rng, row)
    return row | {rng.choice(names): rng.choice(("x" * 2001, "before\0behind", 7, ["name"], {}))}


def _has_no_content(rng: random.Random, row: Row) -> Row:
    empty = rng.choice(("", " ")) if "endTime" in row else None
    return row | dict.fromkeys((name for name in (*_NAMES, *_URIS) if name in row), empty)


_FAULTS: Final[tuple[Fault, ...]] = (
    _is_no_object,
    _lacks_a_field,
    _has_a_bad_time,
    _has_a_bad_length,
    _has_a_bad_text,
    _has_no_content,
)
