"""`StreamingHistory<N>.json` and `StreamingHistory_music_<N>.json` of the account data.

Until 2023 podcasts and videos sit among the music, and nothing in the row tells them apart.
"""

import msgspec

from export_formats.errors import Rejection, RowRejected
from export_formats.formats.format import Duration, Format, MappedRow, Text, Time
from export_formats.times import read_minute


class AccountMusicRow(msgspec.Struct, gc=False):
    """A play of a track."""

    ended: Time = msgspec.field(default=None, name="endTime")
    artist: Text = msgspec.field(default=None, name="artistName")
    track: Text = msgspec.field(default=None, name="trackName")
    ms_played: Duration = msgspec.field(default=None, name="msPlayed")


def map_row(row: AccountMusicRow) -> MappedRow:
    """Give the row in the words of the house; raises RowRejected when one of its four fields is missing."""
    if row.ended is None or row.ms_played is None or row.artist is None or row.track is None:
        raise RowRejected(Rejection.MISSING_FIELD)
    return MappedRow(read_minute(row.ended), row.ms_played, "music", row.artist, row.track, row.artist)


ACCOUNT_MUSIC = Format(
    name="account_music",
    source="account",
    needs=frozenset({"endTime"}),
    any_of=frozenset({"artistName", "trackName"}),
    row_type=AccountMusicRow,
    map_row=map_row,
)
