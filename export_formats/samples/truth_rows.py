"""One row of an export, read plainly: what play it is, under what names it was seen, or why it is none."""

import datetime
import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

Row = dict[str, Any]
Cover = tuple[int, int, str, str]
"""Minute, milliseconds, folded group and folded name."""

_MOST_MS: Final = 86_400_000
_LONGEST_TEXT: Final = 2_000
_VIDEOS: Final = ("streaming_history_video", "endvideo")
_FORMS: Final = {"endTime": r"\d{4}-\d\d-\d\d \d\d:\d\d", "ts": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"}
# What a row is about: the keys of group and name, of the uri, and of what is shown as artist and album.
_ACCOUNT: Final = (
    ("music", "artistName", "trackName", "", "artistName", ""),
    ("podcast", "podcastName", "episodeName", "", "podcastName", ""),
    ("audiobook", "audiobookName", "chapterName", "", "authorName", "audiobookName"),
)
_TRACK: Final = ("master_metadata_album_artist_name", "master_metadata_track_name", "spotify_track_uri")
_EXTENDED: Final = (
    ("music", *_TRACK, "master_metadata_album_artist_name", "master_metadata_album_album_name"),
    ("podcast", "episode_show_name", "episode_name", "spotify_episode_uri", "episode_show_name", ""),
    (
        *("audiobook", "audiobook_title", "audiobook_chapter_title", "audiobook_chapter_uri"),
        *("audiobook_title", "audiobook_title"),
    ),
)


class Identity(NamedTuple):
    """When two rows are one play: the time is a second or a minute, the content a uri or two folded names."""

    source: Literal["account", "extended"]
    played_at: int
    ms_played: int
    content: str | tuple[str, str]

    @property
    def account_cover(self) -> Cover | None:
        """Under what names an extended row replaces this one; nothing for an extended one."""
        if self.source == "extended" or isinstance(self.content, str):
            return None
        return (self.played_at, self.ms_played, *self.content)


class Columns(NamedTuple):
    """What is shown of a play, all of it from one row."""

    content_type: str
    track_name: str
    artist_name: str
    album_name: str | None
    track_uri: str | None
    skipped: bool | None


@dataclass(frozen=True, slots=True)
class TrueRow:
    """A row that is a play."""

    identity: Identity
    cover: Cover
    columns: Columns


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is none."""

    reason: str


def read_true_row(row: Any, filename: str) -> TrueRow | Refused:
    """Read one row as the rule has it; the name of its file tells videos from tracks."""
    if not isinstance(row, dict):
        return Refused("not_an_object")
    kinds = _ACCOUNT if "endTime" in row or "msPlayed" in row else _EXTENDED
    time_key, ms_key = ("endTime", "msPlayed") if kinds is _ACCOUNT else ("ts", "ms_played")
    texts = {key: row.get(key) for kind in kinds for key in kind[1:] if key}
    played_at = _read_time(row.get(time_key), _FORMS[time_key])
    ms_played = row.get(ms_key)
    if row.get(time_key) is None or ms_played is None or (kinds is _ACCOUNT and _lacks_a_name(row)):
        return Refused("missing_field")
    if played_at is None:
        return Refused("bad_time")
    if type(ms_played) is not int or not 0 <= ms_played <= _MOST_MS:
        return Refused("bad_ms_played")
    if not all(_is_storable(text) for text in texts.values()):
        return Refused("bad_text")
    return _read_content(row, kinds, played_at, ms_played, is_video=_is_video(filename))


def _lacks_a_name(row: Row) -> bool:
    """Tell whether a row of account data lacks one of its two names; an author may lack."""
    return not any(row.get(kind[1]) is not None and row.get(kind[2]) is not None for kind in _ACCOUNT)


def _read_content(
    row: Row, kinds: tuple[Any, ...], played_at: int, ms_played: int, *, is_video: bool
) -> TrueRow | Refused:
    known = [kind for kind in kinds if row.get(kind[1]) or row.get(kind[2])]
    content_type, group_key, name_key, _, artist_key, album_key = known[0] if known else kinds[0]
    group, name = row.get(group_key) or "", row.get(name_key) or ""
    names = (fold(group), fold(name))
    if names == ("", ""):
        return Refused("no_content")
    minute = played_at - played_at % 60
    uri = next((row[kind[3]] for kind in kinds if row.get(kind[3])), None)
    shown = (name or "Unknown Track", row.get(artist_key) or group or "Unknown Artist")
    columns = Columns(
        "video" if is_video and content_type == "music" else content_type,
        *shown,
        row.get(album_key) or None,
        uri,
        row.get("skipped"),
    )
    if kinds is _ACCOUNT:
        identity = Identity("account", minute, ms_played, names)
    else:
        identity = Identity("extended", played_at, ms_played, uri or names)
    return TrueRow(identity, (minute, ms_played, *names), columns)


def fold(text: str) -> str:
    """Give the form under which names are compared."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text.strip()).casefold())


def _read_time(text: Any, form: str) -> int | None:
    if not isinstance(text, str) or not re.fullmatch(form, text, re.ASCII):
        return None
    try:
        moment = datetime.datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return None
    return int(moment.replace(tzinfo=datetime.UTC).timestamp()) if 2000 <= moment.year <= 2100 else None


def _is_storable(text: Any) -> bool:
    return text is None or (isinstance(text, str) and len(text) <= _LONGEST_TEXT and "\0" not in text)


def _is_video(filename: str) -> bool:
    return filename.rpartition("/")[2].casefold().startswith(_VIDEOS)
