"""`StreamingHistory_audiobook_<N>.json` of the account data.

The chapter is the track, the book the album, and the author the artist, or the book where there is no
author. Plays are compared by book and chapter, because the extended history knows no authors.
"""

import msgspec

from export_formats.errors import Rejection, RowRejected
from export_formats.formats.format import Duration, Format, MappedRow, Text, Time
from export_formats.times import read_minute


class AccountAudiobookRow(msgspec.Struct, gc=False):
    """A play of a chapter."""

    ended: Time = msgspec.field(default=None, name="endTime")
    book: Text = msgspec.field(default=None, name="audiobookName")
    chapter: Text = msgspec.field(default=None, name="chapterName")
    author: Text = msgspec.field(default=None, name="authorName")
    ms_played: Duration = msgspec.field(default=None, name="msPlayed")


def map_row(row: AccountAudiobookRow) -> MappedRow:
    """Give the row in the words of the house; raises RowRejected when any but the author is missing."""
    if row.ended is None or row.ms_played is None or row.book is None or row.chapter is None:
        raise RowRejected(Rejection.MISSING_FIELD)
    artist = row.author or row.book
    return MappedRow(read_minute(row.ended), row.ms_played, "audiobook", row.book, row.chapter, artist, row.book)


ACCOUNT_AUDIOBOOK = Format(
    name="account_audiobook",
    source="account",
    needs=frozenset({"endTime"}),
    any_of=frozenset({"audiobookName", "chapterName"}),
    row_type=AccountAudiobookRow,
    map_row=map_row,
)
