"""What has to be stored in the end, by a plain reading of the identity rule, on sets.

It shares no code with the package on purpose: the standard library reads the JSON, the dates and the names.
"""

import datetime
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
Cover = tuple[int, str, str, int]


@dataclass(frozen=True, slots=True)
class Expected:
    """How many plays are kept, and for how many milliseconds they were played in sum."""

    plays: int
    ms_played: int


def expected_plays(members: Mapping[str, bytes]) -> Expected:
    """Tell what remains of well-formed files, in whatever order they come in.

    Extended rows count once for each second, length and content; account rows once for each minute, length
    and folded names, unless an extended row of any content has been seen under them.
    """
    extended: dict[tuple[int, int, str], set[Cover]] = {}
    account: set[Cover] = set()
    for content in members.values():
        for row in json.loads(content):
            if "endTime" in row:
                account.add(_account_cover(row))
            elif any(_extended_names(row)):
                identity, cover = _extended_keys(row)
                extended.setdefault(identity, set()).add(cover)
    rest = account.difference(*extended.values())
    ms_played = sum(ms for _, ms, _ in extended) + sum(ms for *_, ms in rest)
    return Expected(len(extended) + len(rest), ms_played)


def _account_cover(row: Row) -> Cover:
    ended = datetime.datetime.strptime(row["endTime"], "%Y-%m-%d %H:%M").replace(tzinfo=datetime.UTC)
    group = next(row[key] for key in ("artistName", "podcastName", "audiobookName") if key in row)
    name = next(row[key] for key in ("trackName", "episodeName", "chapterName") if key in row)
    return int(ended.timestamp()), _fold(group), _fold(name), row["msPlayed"]


def _extended_keys(row: Row) -> tuple[tuple[int, int, str], Cover]:
    ended = datetime.datetime.strptime(row["ts"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)
    second = int(ended.timestamp())
    group, name = map(_fold, _extended_names(row))
    uri = row["spotify_track_uri"] or row["spotify_episode_uri"] or row.get("audiobook_chapter_uri")
    content = uri or json.dumps([group, name])
    return (second, row["ms_played"], content), (second // 60 * 60, group, name, row["ms_played"])


def _extended_names(row: Row) -> tuple[str, str]:
    kinds = (
        ("master_metadata_album_artist_name", "master_metadata_track_name"),
        ("episode_show_name", "episode_name"),
        ("audiobook_title", "audiobook_chapter_title"),
    )
    pairs = ((row.get(group) or "", row.get(name) or "") for group, name in kinds)
    return next((pair for pair in pairs if any(pair)), ("", ""))


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text.strip()).casefold())
