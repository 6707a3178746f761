"""ListenBrainz's export: a listen an object, one a line (`listens/<year>/<month>.jsonl`), or all in one list.

A listen has the second at which it began, and often no length: `duration_played` is how long it was heard,
`duration_ms` and `duration` how long the track is. Where there is none of them it counts as `SHORTEST_MS`, so that
charts do not lose it. Source: the project's description of its JSON documents ("Payload JSON details").
"""

from typing import Annotated, Any, Final

import msgspec

from export_formats.errors import Rejection, RowRejected
from export_formats.formats.format import Format, MappedRow
from export_formats.times import check_second

SHORTEST_MS: Final = 30_000
"""What charts count when nothing else is asked for."""

_DAY_MS: Final = 86_400_000
# Where a length stands, the best one first, and how many milliseconds its unit has.
_LENGTHS: Final = (("duration_played", 1_000), ("duration_ms", 1), ("duration", 1_000))


class TrackMetadata(msgspec.Struct, gc=False):
    """What was heard; players submit anything in the fields that are `Any`."""

    artist_name: str | None = None
    track_name: str | None = None
    release_name: Any = None
    additional_info: Any = None


class ListenBrainzRow(msgspec.Struct, gc=False):
    """One listen."""

    listened_at: Annotated[int | None, msgspec.Meta(extra={"fault": Rejection.BAD_TIME})] = None
    track_metadata: Annotated[TrackMetadata | None, msgspec.Meta(extra={"fault": Rejection.BAD_TEXT})] = None


def map_row(row: ListenBrainzRow) -> MappedRow:
    """Give the row in the words of the house; raises RowRejected when its time or a name is missing or absurd."""
    track = row.track_metadata
    if row.listened_at is None or track is None or track.artist_name is None or track.track_name is None:
        raise RowRejected(Rejection.MISSING_FIELD)
    ms_played = _length(track.additional_info)
    ended = check_second(row.listened_at + ms_played // 1_000)
    album = track.release_name if isinstance(track.release_name, str) else ""
    return MappedRow(ended, ms_played, "music", track.artist_name, track.track_name, track.artist_name, album)


def _length(info: Any) -> int:
    """Give how long a listen was, in milliseconds."""
    if isinstance(info, dict):
        for name, unit in _LENGTHS:
            length = _number(info.get(name)) * unit
            if 1 <= length <= _DAY_MS:
                return int(length)
    return SHORTEST_MS


def _number(value: Any) -> float:
    """Give a number that may be written as text; 0 for anything else."""
    try:
        return float(value) if isinstance(value, int | float | str) else 0.0
    except (ValueError, OverflowError):
        return 0.0


LISTENBRAINZ = Format(
    name="listenbrainz",
    # Times to the second, as in the other provider's extended history; its rule of identity is that of such rows.
    source="extended",
    needs=frozenset({"listened_at"}),
    any_of=frozenset({"track_metadata"}),
    row_type=ListenBrainzRow,
    map_row=map_row,
    in_lines=True,
)
