"""From typed rows to plays: checks, identities, and one play for all rows of a file that are the same."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from export_formats.errors import Rejection, RowRejected
from export_formats.formats.format import Format, MappedRow
from export_formats.identity import content_of_names, make_cover, make_extended_identity
from export_formats.identity_table import IDENTITY_BYTES, IdentityTable
from export_formats.later_covers import LaterCovers
from export_formats.names import folded_names, verbatim_uris
from export_formats.platforms import Families
from export_formats.plays import MAX_REJECTED_ROWS, UNKNOWN_ARTIST, UNKNOWN_TRACK, FileSummary, Play, Plays, RejectedRow

MAX_MS_PLAYED = 86_400_000
"""A day: nothing plays for longer."""
PART_PLAYS = 5_000
"""How many plays a part has, unless long rows fill it earlier."""

_PART_BLOCKS = 4
_NO_NAMES = folded_names()[""].key * 2


class Merger:
    """Takes the rows of one file and gives its plays in parts; what it keeps of those is some fifty bytes each.

    `is_video` says that the file is one of videos, which look like tracks.
    """

    def __init__(self, known: Format, *, is_video: bool) -> None:
        self._format = known
        self._is_video = is_video
        self._is_extended = known.source == "extended"
        self._texts = folded_names()
        self._uris = verbatim_uris()
        self._families = Families()
        self._seen = IdentityTable()
        self._first_covers = bytearray()
        self._plays = Plays()
        self._blocks = 0
        self._total_rows = 0
        self._rejections: Counter[str] = Counter()
        self._rejected_rows: list[RejectedRow] = []
        self.later_covers = LaterCovers()

    def add(self, rows: list[Any]) -> Iterator[Plays]:
        """Take a block of rows (each typed, or the Rejection of one that could not be read) and give full parts."""
        plays = []
        map_row = self._format.map_row
        read = self._read
        for number, row in enumerate(rows, self._total_rows + 1):
            if type(row) is Rejection:
                self._reject(number, row)
                continue
            try:
                play = read(map_row(row))
            except RowRejected as rejected:
                self._reject(number, rejected.rejection)
            else:
                if play is not None:
                    plays.append(play)
        self._total_rows += len(rows)
        self._plays.extend(plays)
        self._blocks += 1
        while len(self._plays) >= PART_PLAYS or self._blocks >= _PART_BLOCKS:
            yield from self._take_part()

    def finish(self) -> Iterator[Plays]:
        """Give what is left; then `summary` and `later_covers` are whole."""
        yield from self._take_part()
        self.later_covers.finish()

    def summary(self) -> FileSummary:
        """Give what all rows amount to."""
        plays = len(self._seen)
        return FileSummary(
            format=self._format.name,
            source=self._format.source,
            play_count=plays,
            total_rows=self._total_rows,
            merged_rows=self._total_rows - plays - self._rejections.total(),
            rejections=dict(self._rejections),
            rejected_rows=tuple(self._rejected_rows),
        )

    def _take_part(self) -> Iterator[Plays]:
        part, self._plays = self._plays.part(0, PART_PLAYS), self._plays.part(PART_PLAYS, len(self._plays))
        self._blocks = 0
        if part:
            yield part

    def _reject(self, number: int, reason: Rejection) -> None:
        self._rejections[reason.value] += 1
        if len(self._rejected_rows) < MAX_REJECTED_ROWS:
            self._rejected_rows.append(RejectedRow(number, reason))

    def _read(self, row: MappedRow) -> Play | None:
        """Check a row and give its play, or nothing when an earlier row was that play.

        All that is kept of a repetition is the name under which it was seen.
        """
        played_at, ms_played = row.ended, row.ms_played
        if not 0 <= ms_played <= MAX_MS_PLAYED:
            raise RowRejected(Rejection.BAD_MS_PLAYED)
        texts = self._texts
        group, item = texts[row.group], texts[row.item]
        artist, album, uri = texts[row.artist_name], texts[row.album_name], self._uris[row.uri]
        names = group.key + item.key
        if names == _NO_NAMES:
            raise RowRejected(Rejection.NO_CONTENT)
        cover = identity = make_cover(played_at - played_at % 60, ms_played, names)
        if self._is_extended:
            content = uri.key if row.uri else content_of_names(names)
            identity = make_extended_identity(played_at, ms_played, content)
        if not self._is_new(identity, cover):
            return None
        return (
            played_at,
            ms_played,
            identity,
            cover,
            (),
            "video" if self._is_video and row.content_type == "music" else row.content_type,
            item.text or UNKNOWN_TRACK,
            artist.text or UNKNOWN_ARTIST,
            album.text or None,
            uri.text or None,
            self._families[row.platform],
            row.skipped,
        )

    def _is_new(self, identity: bytes, cover: bytes) -> bool:
        """Tell whether no earlier row was this play; if one was, learn its cover."""
        count = len(self._seen)
        place = self._seen.place_of(identity)
        if self._is_extended:
            if place == count:
                self._first_covers += cover
            elif self._first_covers[IDENTITY_BYTES * place : IDENTITY_BYTES * (place + 1)] != cover:
                self.later_covers.add(place, cover)
        return place == count
