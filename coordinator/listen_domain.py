"""Plays and what is asked of them, as values. They know neither the wire nor the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from coordinator.domain import Lease

# Every play lies between these, the first included: a time outside is a mistake of the export.
FIRST_PLAY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
PLAY_TIME_END = datetime(2101, 1, 1, tzinfo=UTC)

# The provider's words where a name lacks: kept and counted, left out of rankings.
UNKNOWN_ARTIST = "Unknown Artist"
UNKNOWN_TRACK = "Unknown Track"

HOURS_OF_WEEK = 7 * 24

# A time and, among plays of that time, an identity.
PlayKey = tuple[datetime, UUID]


def minute_of(moment: datetime) -> datetime:
    """Returns the beginning of the minute."""
    return moment.replace(second=0, microsecond=0)


class Source(StrEnum):
    """Which family of exports a play is from."""

    ACCOUNT = "account"
    EXTENDED = "extended"


@dataclass(frozen=True, slots=True)
class PlayColumns:
    """Plays as columns of one length, checked. `identities` and `covers` hold 16 bytes a play."""

    # Seconds since 1970, UTC.
    played_at: Sequence[int]
    ms_played: Sequence[int]
    identities: bytes
    covers: bytes
    content_types: Sequence[str]
    track_names: Sequence[str]
    artist_names: Sequence[str]
    # Empty where not known, as the two that follow.
    album_names: Sequence[str]
    track_uris: Sequence[str]
    platforms: Sequence[str]
    skipped: Sequence[bool | None]
    # Further covers, 16 bytes each, by the play's place.
    extra_covers: Mapping[int, Sequence[bytes]]

    def __len__(self) -> int:
        return len(self.played_at)


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """Where a row of a file stands that was rejected, counted from 1, and why."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class FileSummary:
    """What a worker says of the file whose plays it sends, and the lease under which it does so."""

    lease: Lease
    format: str
    source: Source
    row_count: int
    merged_count: int
    # How many rows were rejected, by reason.
    rejections: Mapping[str, int]
    # The first of them, in order.
    rejected_rows: Sequence[RejectedRow] = ()

    @property
    def rejected_count(self) -> int:
        """How many rows were rejected, for whatever reason."""
        return sum(self.rejections.values())


@dataclass(frozen=True, slots=True)
class LeasedFile:
    """The file that a held job is about, and whose it is."""

    file_id: UUID
    upload_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """From the first to the last play, both included."""

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class CommitOutcome:
    """What became of a file's rows. The file's duplicates of itself count as duplicates too."""

    inserted: int
    duplicate: int
    superseded: int


@dataclass(frozen=True, slots=True)
class ListenFilter:
    """Which plays of one person are meant: `start` is included, `end` is not."""

    user_id: UUID
    start: datetime | None = None
    end: datetime | None = None
    min_ms: int = 0
    # None: all.
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """Sums over plays; the times are None where there are none."""

    plays: int
    ms_played: int
    artists: int
    tracks: int
    albums: int
    first_played_at: datetime | None
    last_played_at: datetime | None


@dataclass(frozen=True, slots=True)
class SourceSpan:
    """The plays of one source: how many, and from when to when."""

    source: Source
    plays: int
    first_played_at: datetime
    last_played_at: datetime


class TopKind(StrEnum):
    """What is ranked."""

    ARTISTS = "artists"
    TRACKS = "tracks"
    ALBUMS = "albums"


class TopOrder(StrEnum):
    """By what it is ranked."""

    PLAYS = "plays"
    MS_PLAYED = "ms_played"


@dataclass(frozen=True, slots=True)
class TopItem:
    """A place in a ranking; `artist_name` is empty for artists."""

    name: str
    artist_name: str
    plays: int
    ms_played: int


@dataclass(frozen=True, slots=True)
class TopPlace:
    """Where a page of a ranking ended: the sort key of its last item."""

    rank: int
    name: str
    artist_name: str


class Bucket(StrEnum):
    """A unit of the calendar, by the name that PostgreSQL has for it; weeks begin on Monday."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"

    @property
    def usual_length(self) -> timedelta:
        """About how long one is."""
        return _USUAL_LENGTHS[self]


_USUAL_LENGTHS = {
    Bucket.HOUR: timedelta(hours=1),
    Bucket.DAY: timedelta(days=1),
    Bucket.WEEK: timedelta(days=7),
    Bucket.MONTH: timedelta(days=30),
    Bucket.YEAR: timedelta(days=365),
}


@dataclass(frozen=True, slots=True)
class ListeningHour:
    """The plays of one hour of the week."""

    plays: int = 0
    ms_played: int = 0


@dataclass(frozen=True, slots=True)
class DiscoveryPoint:
    """What was heard for the first time in one bucket, which begins at `start`."""

    start: datetime
    artists: int
    tracks: int


@dataclass(frozen=True, slots=True)
class ListeningSessions:
    """Sessions and their time in all; the ends of the longest are None where there are none."""

    sessions: int
    ms: int
    longest_start: datetime | None
    longest_end: datetime | None


@dataclass(frozen=True, slots=True)
class PlatformPlays:
    """The plays of a family of devices; empty where the export does not say."""

    platform: str
    plays: int
    ms_played: int


@dataclass(frozen=True, slots=True)
class ListeningHabits:
    """Plays by platform, most first, and how many plays were skipped of those of which it is told."""

    platforms: Sequence[PlatformPlays]
    skips_told: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Listen:
    """One play, as it is stored."""

    played_at: datetime
    identity: UUID
    source: str
    content_type: str
    track_name: str
    artist_name: str
    # None where not known, as in the two that follow and in `skipped`.
    album_name: str | None
    track_uri: str | None
    ms_played: int
    platform: str | None
    skipped: bool | None

    @property
    def key(self) -> PlayKey:
        """Its place in the order of time."""
        return self.played_at, self.identity


@dataclass(frozen=True, slots=True)
class ListenPlace:
    """Where a page of plays ended, newest first.

    `shown` begins the identities of those plays of the place's minute that were shown; None where they were too many.
    """

    played_at: datetime
    identity: UUID
    shown: frozenset[bytes] | None

    @property
    def minute(self) -> datetime:
        """The minute in which it lies: that of the account rows of its plays."""
        return minute_of(self.played_at)


@dataclass(frozen=True, slots=True)
class TimelinePoint:
    """The plays of one bucket, which begins at `start`."""

    start: datetime
    plays: int
    ms_played: int
