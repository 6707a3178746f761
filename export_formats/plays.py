"""The plays of one file as columns, the shape in which they travel and are stored."""

from dataclasses import dataclass, field, fields

from export_formats.errors import Rejection
from export_formats.formats.format import ContentType, Source

UNKNOWN_ARTIST = "Unknown Artist"
UNKNOWN_TRACK = "Unknown Track"
"""The provider's own words where a name lacks; rankings leave them out."""

MAX_REJECTED_ROWS = 100
"""How many rejected rows of a file are told with their places."""

Play = tuple[
    int,
    int,
    bytes,
    bytes,
    tuple[bytes, ...],
    ContentType,
    str,
    str,
    str | None,
    str | None,
    str | None,
    bool | None,
]
"""One play: what `Plays` holds in its columns, in their order."""


@dataclass(frozen=True, slots=True)
class Plays:
    """Lists of one length, one entry a play, in the order of the file.

    `played_at` is when the play ended, in Unix seconds (UTC), for account rows its minute. `identity` and
    `cover` are 16 bytes each (see `identity`); `more_covers` are the covers under which other rows of the
    same play were seen.
    """

    played_at: list[int] = field(default_factory=list)
    ms_played: list[int] = field(default_factory=list)
    identity: list[bytes] = field(default_factory=list)
    cover: list[bytes] = field(default_factory=list)
    more_covers: list[tuple[bytes, ...]] = field(default_factory=list)
    content_type: list[ContentType] = field(default_factory=list)
    track_name: list[str] = field(default_factory=list)
    artist_name: list[str] = field(default_factory=list)
    album_name: list[str | None] = field(default_factory=list)
    track_uri: list[str | None] = field(default_factory=list)
    platform: list[str | None] = field(default_factory=list)
    skipped: list[bool | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.played_at)

    def extend(self, plays: list[Play]) -> None:
        """Add plays at the end of the columns."""
        for column, values in zip(fields(self), zip(*plays, strict=True), strict=bool(plays)):
            getattr(self, column.name).extend(values)

    def append(self, other: "Plays") -> None:
        """Add the plays of another at the end."""
        for column in fields(self):
            getattr(self, column.name).extend(getattr(other, column.name))

    def part(self, start: int, stop: int) -> "Plays":
        """Give the plays from `start` to before `stop`, as slices do."""
        return Plays(*(getattr(self, column.name)[start:stop] for column in fields(self)))


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """Where a row stands that is no play: counted from 1, the first row of the file."""

    row: int
    reason: Rejection


@dataclass(frozen=True, slots=True)
class FileSummary:
    """What one file amounts to.

    `total_rows` is the number of its rows: `play_count`, `merged_rows` that repeat one of the plays, and
    `rejections`, counted by reason (the values of `Rejection`). `rejected_rows` are the first `MAX_REJECTED_ROWS` of
    the latter. A file without rows has the format "empty" and the source "account".
    """

    format: str
    source: Source
    play_count: int
    total_rows: int
    merged_rows: int
    rejections: dict[str, int]
    rejected_rows: tuple[RejectedRow, ...]


@dataclass(frozen=True, slots=True)
class ParsedFile(FileSummary):
    """A whole file: what it amounts to, and its plays."""

    plays: Plays
