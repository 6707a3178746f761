"""A person's numbers in JSON."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gateway.upload_views import Moment, View, moment
from protos.listens.v1 import listen_pb2, listen_service_pb2

BucketName = Literal["hour", "day", "week", "month", "year"]

BUCKETS: dict[BucketName, listen_service_pb2.Bucket.ValueType] = {
    "hour": listen_service_pb2.BUCKET_HOUR,
    "day": listen_service_pb2.BUCKET_DAY,
    "week": listen_service_pb2.BUCKET_WEEK,
    "month": listen_service_pb2.BUCKET_MONTH,
    "year": listen_service_pb2.BUCKET_YEAR,
}
SourceName = Literal["account", "extended"]
ContentTypeName = Literal["music", "podcast", "audiobook", "video"]

CONTENT_TYPE_NAMES: dict[int, ContentTypeName] = {
    listen_pb2.CONTENT_TYPE_MUSIC: "music",
    listen_pb2.CONTENT_TYPE_PODCAST: "podcast",
    listen_pb2.CONTENT_TYPE_AUDIOBOOK: "audiobook",
    listen_pb2.CONTENT_TYPE_VIDEO: "video",
}
SOURCE_NAMES: dict[int, SourceName] = {listen_pb2.SOURCE_ACCOUNT: "account", listen_pb2.SOURCE_EXTENDED: "extended"}
SKIPPED_VALUES = {listen_pb2.SKIPPED_NO: False, listen_pb2.SKIPPED_YES: True}
_BUCKET_NAMES = {bucket: name for name, bucket in BUCKETS.items()}


class OverviewView(View):
    """Sums over a person's plays."""

    plays: int
    ms_played: int
    artists: int
    tracks: int
    albums: int
    first_played_at: Moment | None
    last_played_at: Moment | None


class SourceView(View):
    """The plays of one source: how many, and from when to when."""

    source: SourceName
    plays: int
    first_played_at: Moment
    last_played_at: Moment


class SourcesView(View):
    """Every source that there are plays of."""

    sources: list[SourceView]


class TopItemView(View):
    """One artist, track or album with its plays."""

    name: str
    artist_name: str | None = Field(description="Of a track or an album; null for artists.")
    plays: int
    ms_played: int


class TopView(View):
    """One page of a ranking."""

    items: list[TopItemView]
    next_cursor: str | None = Field(description="Give it as cursor to get the next page; null after the last.")


class TimelinePointView(View):
    """One bucket of the calendar; start is its first moment."""

    start: Moment
    plays: int
    ms_played: int


class TimelineView(View):
    """Plays over time, empty buckets included."""

    bucket: BucketName
    points: list[TimelinePointView]


class ClockCellView(View):
    """One hour of the week; weekday 0 is Monday."""

    weekday: int = Field(ge=0, le=6)
    hour: int = Field(ge=0, le=23)
    plays: int
    ms_played: int


class ClockView(View):
    """Plays by weekday and hour where the reader is: 168 cells, Monday's first, empty ones included."""

    cells: list[ClockCellView]


class DiscoveryPointView(View):
    """One bucket of the calendar; start is its first moment."""

    start: Moment
    artists: int
    tracks: int


class DiscoveriesView(View):
    """What was heard for the first time; buckets without discoveries are left out."""

    bucket: BucketName
    points: list[DiscoveryPointView]


class SessionsView(View):
    """Plays with at most half an hour of silence between them."""

    sessions: int
    ms: int = Field(description="From the beginning to the end of each, silence included.")
    longest_start: Moment | None
    longest_end: Moment | None


class PlatformView(View):
    """The plays of one family of devices."""

    platform: str | None = Field(description='Such as "ios"; null where the export does not say.')
    plays: int
    ms_played: int


class HabitsView(View):
    """On what was played, and how often plays were skipped."""

    platforms: list[PlatformView] = Field(description="Most plays first.")
    skips_told: int = Field(description="Plays, however short, of which the export says whether they were skipped.")
    skipped: int


class ListenView(View):
    """One play. Null is what the export does not say."""

    played_at: Moment
    ms_played: int
    content_type: ContentTypeName
    track_name: str
    artist_name: str
    album_name: str | None
    track_uri: str | None
    platform: str | None
    skipped: bool | None
    source: SourceName


class ListensView(View):
    """One page of plays, newest first."""

    items: list[ListenView]
    next_cursor: str | None = Field(description="Give it as cursor to get the next page; null after the last.")


def overview_view(overview: listen_service_pb2.GetOverviewResponse) -> OverviewView:
    """Shows the sums."""
    return OverviewView(
        plays=overview.plays,
        ms_played=overview.ms_played,
        artists=overview.artists,
        tracks=overview.tracks,
        albums=overview.albums,
        first_played_at=moment(overview.first_played_at) if overview.HasField("first_played_at") else None,
        last_played_at=moment(overview.last_played_at) if overview.HasField("last_played_at") else None,
    )


def sources_view(answer: listen_service_pb2.ListSourcesResponse) -> SourcesView:
    """Shows which period each source covers."""
    return SourcesView(
        sources=[
            SourceView(
                source=SOURCE_NAMES[span.source],
                plays=span.plays,
                first_played_at=moment(span.first_played_at),
                last_played_at=moment(span.last_played_at),
            )
            for span in answer.sources
        ]
    )


def top_view(page: listen_service_pb2.ListTopResponse) -> TopView:
    """Shows one page of a ranking."""
    items = [
        TopItemView(name=item.name, artist_name=item.artist_name or None, plays=item.plays, ms_played=item.ms_played)
        for item in page.items
    ]
    return TopView(items=items, next_cursor=page.next_page_token or None)


def timeline_view(timeline: listen_service_pb2.GetTimelineResponse) -> TimelineView:
    """Shows plays over time."""
    points = [
        TimelinePointView(start=moment(point.start), plays=point.plays, ms_played=point.ms_played)
        for point in timeline.points
    ]
    return TimelineView(bucket=_BUCKET_NAMES[timeline.bucket], points=points)


def clock_view(clock: listen_service_pb2.GetListeningClockResponse) -> ClockView:
    """Shows the hours of the week."""
    cells = [
        ClockCellView(weekday=place // 24, hour=place % 24, plays=hour.plays, ms_played=hour.ms_played)
        for place, hour in enumerate(clock.hours)
    ]
    return ClockView(cells=cells)


def discoveries_view(discoveries: listen_service_pb2.GetDiscoveriesResponse) -> DiscoveriesView:
    """Shows what was heard for the first time."""
    points = [
        DiscoveryPointView(start=moment(point.start), artists=point.artists, tracks=point.tracks)
        for point in discoveries.points
    ]
    return DiscoveriesView(bucket=_BUCKET_NAMES[discoveries.bucket], points=points)


def sessions_view(sessions: listen_service_pb2.GetListeningSessionsResponse) -> SessionsView:
    """Shows how many sessions there were, and the longest."""
    return SessionsView(
        sessions=sessions.sessions,
        ms=sessions.ms,
        longest_start=moment(sessions.longest_start) if sessions.HasField("longest_start") else None,
        longest_end=moment(sessions.longest_end) if sessions.HasField("longest_end") else None,
    )


def habits_view(habits: listen_service_pb2.GetListeningHabitsResponse) -> HabitsView:
    """Shows plays by platform, and skips."""
    platforms = [
        PlatformView(platform=each.platform or None, plays=each.plays, ms_played=each.ms_played)
        for each in habits.platforms
    ]
    return HabitsView(platforms=platforms, skips_told=habits.skips_told, skipped=habits.skipped)


def listen_view(play: listen_pb2.Listen) -> ListenView:
    """Shows a play."""
    return ListenView(
        played_at=moment(play.played_at),
        ms_played=play.ms_played,
        content_type=CONTENT_TYPE_NAMES[play.content_type],
        track_name=play.track_name,
        artist_name=play.artist_name,
        album_name=play.album_name or None,
        track_uri=play.track_uri or None,
        platform=play.platform or None,
        skipped=SKIPPED_VALUES.get(play.skipped),
        source=SOURCE_NAMES[play.source],
    )


def listens_view(page: listen_service_pb2.ListListensResponse) -> ListensView:
    """Shows one page of plays."""
    return ListensView(items=[listen_view(play) for play in page.listens], next_cursor=page.next_page_token or None)
