"""Which buckets a timeline has, of plays or of discoveries: from where to where, and how long."""

from __future__ import annotations

from datetime import timedelta

from coordinator.database import Database
from coordinator.errors import InvalidRequest
from coordinator.listen_domain import Bucket, DiscoveryPoint, ListenFilter, TimelinePoint, TimeSpan
from coordinator.store import listens

MAX_POINTS = 10_000
# As many as a chart can show.
_USEFUL_POINTS = 400

_MICROSECOND = timedelta(microseconds=1)


async def read_timeline(
    database: Database, wanted: ListenFilter, bucket: Bucket | None, time_zone: str
) -> tuple[Bucket, list[TimelinePoint]]:
    """Returns the bucket that was used and its points, empty ones included. Raises InvalidRequest for too many."""
    span = await _find_span(database, wanted)
    if span is None:
        return bucket or Bucket.DAY, []
    bucket = _bucket_of(span, bucket)
    points = await listens.get_timeline(database, wanted, bucket, time_zone, span, MAX_POINTS)
    if points is None:
        raise _too_many(bucket)
    return bucket, points


async def read_discoveries(
    database: Database, wanted: ListenFilter, bucket: Bucket | None, time_zone: str
) -> tuple[Bucket, list[DiscoveryPoint]]:
    """Returns the bucket that was used and the points that have discoveries. Raises InvalidRequest for too many."""
    span = await _find_span(database, wanted)
    if span is None:
        return bucket or Bucket.DAY, []
    bucket = _bucket_of(span, bucket)
    points = await listens.get_discoveries(database, wanted, bucket, time_zone, MAX_POINTS)
    if points is None:
        raise _too_many(bucket)
    return bucket, points


def _bucket_of(span: TimeSpan, bucket: Bucket | None) -> Bucket:
    bucket = bucket or choose_bucket(span)
    # No bucket is much longer than usual: what is clearly too much is not even tried.
    if (span.last - span.first) / bucket.usual_length > 1.1 * MAX_POINTS:
        raise _too_many(bucket)
    return bucket


def choose_bucket(span: TimeSpan) -> Bucket:
    """Returns the shortest bucket of which the span has not many more than a chart can show."""
    length = span.last - span.first
    fitting = (bucket for bucket in Bucket if length / bucket.usual_length <= _USEFUL_POINTS)
    return next(fitting, Bucket.YEAR)


async def _find_span(database: Database, wanted: ListenFilter) -> TimeSpan | None:
    """Returns the range that was asked for; where one of its ends was left open, that of the plays."""
    if wanted.start and wanted.end:
        return TimeSpan(wanted.start, wanted.end - _MICROSECOND) if wanted.start < wanted.end else None
    plays = await listens.find_span(database, wanted)
    if plays is None:
        return None
    return TimeSpan(wanted.start or plays.first, wanted.end - _MICROSECOND if wanted.end else plays.last)


def _too_many(bucket: Bucket) -> InvalidRequest:
    return InvalidRequest(
        f"The range has more than {MAX_POINTS} buckets: take longer ones than a {bucket.value}.",
        field="bucket",
        limit=MAX_POINTS,
    )
