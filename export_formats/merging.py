"""From typed rows to plays: checks, identities, and one play for all rows of a file that are the same."""

from collections import Counter
from typing import Any

from export_formats.errors import Rejection, RowRejected
from export_formats.formats.format import Format, MappedRow
from export_formats.identity import content_of_names, make_cover, make_extended_identity
from export_formats.names import folded_names, verbatim_uris
from export_formats.platforms import Families
from export_formats.plays import UNKNOWN_ARTIST, UNKNOWN_TRACK, ParsedFile, Play, Plays

MAX_MS_PLAYED = 86_400_000
"""A day: nothing plays for longer."""

_NO_NAMES = folded_names()[""].key * 2


class Merger:
    """Collects the rows of one file.

    `is_video` says that the file is one of videos, which look like tracks.
    """

    def __init__(self, known: Format, *, is_video: bool) -> None:
        self._format = known
        self._read_time = known.read_time
        self._is_video = is_video
        self._is_extended = known.source == "extended"
        self._texts = folded_names()
        self._uris = verbatim_uris()
        self._families = Families()
        self._places: dict[bytes, int] = {}
        self._covers_seen_again: dict[int, list[bytes]] = {}
        self._plays = Plays()
        self._total_rows = 0
        self._rejections: Counter[str] = Counter()

    def add(self, rows: list[Any]) -> None:
        """Take rows of the format's type, or the Rejection of one that could not be read."""
        self._total_rows += len(rows)
        plays = []
        map_row = self._format.map_row
        read = self._read
        for row in rows:
            if type(row) is Rejection:
                self._rejections[row.value] += 1
                continue
            try:
                play = read(map_row(row))
            except RowRejected as rejected:
                self._rejections[rejected.rejection.value] += 1
            else:
                if play is not None:
                    plays.append(play)
        self._plays.extend(plays)

    def finish(self) -> ParsedFile:
        """Give what was collected."""
        plays = self._plays
        for place, covers in self._covers_seen_again.items():
            others = dict.fromkeys(cover for cover in covers if cover != plays.cover[place])
            plays.more_covers[place] = tuple(others)
        merged = self._total_rows - len(plays) - self._rejections.total()
        known = self._format
        return ParsedFile(known.name, known.source, plays, self._total_rows, merged, dict(self._rejections))

    def _read(self, row: MappedRow) -> Play | None:
        """Check a row and give its play, or nothing when an earlier row was that play.

        All that is kept of a repetition is the name under which it was seen.
        """
        played_at = self._read_time(row.ended)
        ms_played = row.ms_played
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
        count = len(self._places)
        place = self._places.setdefault(identity, count)
        if place != count:
            self._covers_seen_again.setdefault(place, []).append(cover)
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
