"""A person's numbers in JSON."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gateway.upload_views import Moment, View, moment
from protos.listens.v1 import listen_service_pb2

BucketName = Literal["hour", "day", "week", "month", "year"]

BUCKETS: dict[BucketName, listen_service_pb2.Bucket.ValueType] = {
    "hour": listen_service_pb2.BUCKET_HOUR,
    "day": listen_service_pb2.BUCKET_DAY,
    "week": listen_service_pb2.BUCKET_WEEK,
    "month": listen_service_pb2.BUCKET_MONTH,
    "year": listen_service_pb2.BUCKET_YEAR,
}
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
