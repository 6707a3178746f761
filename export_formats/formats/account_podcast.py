"""`StreamingHistory_podcast_<N>.json` of the account data: the episode is the track, its show the artist."""

import msgspec

from export_formats.errors import Rejection, RowRejected
from export_formats.formats.format import Duration, Format, MappedRow, Text, Time
from export_formats.times import read_minute


class AccountPodcastRow(msgspec.Struct, gc=False):
    """A play of an episode."""

    ended: Time = msgspec.field(default=None, name="endTime")
    show: Text = msgspec.field(default=None, name="podcastName")
    episode: Text = msgspec.field(default=None, name="episodeName")
    ms_played: Duration = msgspec.field(default=None, name="msPlayed")


def map_row(row: AccountPodcastRow) -> MappedRow:
    """Give the row in the words of the house; raises RowRejected when one of its four fields is missing."""
    if row.ended is None or row.ms_played is None or row.show is None or row.episode is None:
        raise RowRejected(Rejection.MISSING_FIELD)
    return MappedRow(read_minute(row.ended), row.ms_played, "podcast", row.show, row.episode, row.show)


ACCOUNT_PODCAST = Format(
    name="account_podcast",
    source="account",
    needs=frozenset({"endTime"}),
    any_of=frozenset({"podcastName", "episodeName"}),
    row_type=AccountPodcastRow,
    map_row=map_row,
)
