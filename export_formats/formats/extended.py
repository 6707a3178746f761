"""The extended history, audio and video alike, in every generation of its keys.

Of up to 23 fields only those below are decoded; addresses, user names and user agents never become objects.
"""

import msgspec

from export_formats.errors import Rejection, RowRejected
from export_formats.formats.format import ContentType, Duration, Flag, Format, Hint, MappedRow, Text, Time
from export_formats.times import read_second


class ExtendedRow(msgspec.Struct, gc=False):
    """A play of a track, an episode or a chapter; the names of the other two kinds are null."""

    ended: Time = msgspec.field(default=None, name="ts")
    ms_played: Duration = None
    track: Text = msgspec.field(default=None, name="master_metadata_track_name")
    artist: Text = msgspec.field(default=None, name="master_metadata_album_artist_name")
    album: Text = msgspec.field(default=None, name="master_metadata_album_album_name")
    track_uri: Text = msgspec.field(default=None, name="spotify_track_uri")
    episode: Text = msgspec.field(default=None, name="episode_name")
    show: Text = msgspec.field(default=None, name="episode_show_name")
    episode_uri: Text = msgspec.field(default=None, name="spotify_episode_uri")
    book: Text = msgspec.field(default=None, name="audiobook_title")
    chapter: Text = msgspec.field(default=None, name="audiobook_chapter_title")
    chapter_uri: Text = msgspec.field(default=None, name="audiobook_chapter_uri")
    platform: Hint = None
    skipped: Flag = None


def map_row(row: ExtendedRow) -> MappedRow:
    """Give the row in the words of the house; raises RowRejected when time or length is missing.

    The first kind that has a name decides what the row is; the first uri is its content.
    """
    if row.ended is None or row.ms_played is None:
        raise RowRejected(Rejection.MISSING_FIELD)
    kind: ContentType = "audiobook"
    group, item, album = row.book, row.chapter, row.book
    if row.track or row.artist:
        kind, group, item, album = "music", row.artist, row.track, row.album
    elif row.episode or row.show:
        kind, group, item, album = "podcast", row.show, row.episode, None
    return MappedRow(
        read_second(row.ended),
        row.ms_played,
        kind,
        group or "",
        item or "",
        group or "",
        album or "",
        row.track_uri or row.episode_uri or row.chapter_uri or "",
        row.platform or "",
        row.skipped,
    )


EXTENDED = Format(
    name="extended",
    source="extended",
    needs=frozenset({"ts"}),
    any_of=frozenset({"ms_played", "master_metadata_track_name", "spotify_track_uri"}),
    row_type=ExtendedRow,
    map_row=map_row,
)
