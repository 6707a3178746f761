"""The plays of one file as columns, the shape in which they travel and are stored."""

from dataclasses import dataclass, field, fields

from export_formats.formats.format import ContentType, Source

UNKNOWN_ARTIST = "Unknown Artist"
UNKNOWN_TRACK = "Unknown Track"
"""The provider's own words where a name lacks; rankings leave them out."""

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

    def part(self, start: int, stop: int) -> "Plays":
        """Give the plays from `start` to before `stop`, as slices do."""
        return Plays(*(getattr(self, column.name)[start:stop] for column in fields(self)))


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """What one file says.

    `total_rows` is the number of its rows: those in `plays`, `merged_rows` that repeat one of them, and
    `rejections`, counted by reason (the values of `Rejection`). A file without rows has the format "empty"
    and the source "account".
    """

    format: str
    source: Source
    plays: Plays
    total_rows: int
    merged_rows: int
    rejections: dict[str, int]
