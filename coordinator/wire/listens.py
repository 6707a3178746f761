"""What is asked of plays, and the numbers: between wire and domain."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

from coordinator.errors import InvalidRequest
from coordinator.listen_domain import (
    Bucket,
    DiscoveryPoint,
    ListenFilter,
    ListeningHabits,
    ListeningHour,
    ListeningSessions,
    Overview,
    Source,
    SourceSpan,
    TimelinePoint,
    TopItem,
    TopKind,
    TopOrder,
    TopPlace,
)
from coordinator.wire.checks import check_range, check_user, timestamp
from coordinator.wire.listen_batches import CONTENT_TYPES
from protos.listens.v1 import listen_pb2
from protos.listens.v1 import listen_service_pb2 as messages

_DEFAULT_PAGE_SIZE = 50
_MAX_PAGE_SIZE = 200
_MAX_INT32 = 2**31 - 1
_MAX_BIGINT = 2**63 - 1
_MAX_TOKEN = 20_000

_KINDS: Final[Mapping[int, TopKind]] = {
    messages.TOP_KIND_ARTISTS: TopKind.ARTISTS,
    messages.TOP_KIND_TRACKS: TopKind.TRACKS,
    messages.TOP_KIND_ALBUMS: TopKind.ALBUMS,
}
_ORDERS: Final[Mapping[int, TopOrder]] = {
    messages.TOP_ORDER_UNSPECIFIED: TopOrder.PLAYS,
    messages.TOP_ORDER_PLAYS: TopOrder.PLAYS,
    messages.TOP_ORDER_MS_PLAYED: TopOrder.MS_PLAYED,
}
_BUCKET_VALUES: Final = {
    Bucket.HOUR: messages.BUCKET_HOUR,
    Bucket.DAY: messages.BUCKET_DAY,
    Bucket.WEEK: messages.BUCKET_WEEK,
    Bucket.MONTH: messages.BUCKET_MONTH,
    Bucket.YEAR: messages.BUCKET_YEAR,
}
_SOURCE_VALUES: Final = {Source.ACCOUNT: listen_pb2.SOURCE_ACCOUNT, Source.EXTENDED: listen_pb2.SOURCE_EXTENDED}
_BUCKETS: Final[Mapping[int, Bucket]] = {value: bucket for bucket, value in _BUCKET_VALUES.items()}


def listen_filter(owner: str, wanted: listen_pb2.ListenFilter) -> ListenFilter:
    """Reads whose plays are meant, and which of them."""
    start = _moment(wanted.start_time, "filter.start_time") if wanted.HasField("start_time") else None
    end = _moment(wanted.end_time, "filter.end_time") if wanted.HasField("end_time") else None
    if start and end and end < start:
        raise InvalidRequest(
            "The range ends before it begins: give an end that lies after its start.", field="filter.end_time"
        )
    check_range(wanted.min_ms, "filter.min_ms", 0, _MAX_INT32)
    if wanted.content_type and wanted.content_type not in CONTENT_TYPES:
        raise InvalidRequest(
            "filter.content_type is none that is known.", field="filter.content_type", value=wanted.content_type
        )
    return ListenFilter(check_user(owner), start, end, wanted.min_ms, CONTENT_TYPES.get(wanted.content_type))


def _moment(moment: Timestamp, field: str) -> datetime:
    try:
        read = moment.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise _bad_moment(field) from None
    # In a time zone, the first and the last year that Python knows could become one that it does not.
    if not 1 < read.year < 9999:
        raise _bad_moment(field)
    return read


def _bad_moment(field: str) -> InvalidRequest:
    return InvalidRequest(f"{field} is no time between the years 2 and 9998.", field=field)


def overview_response(overview: Overview) -> messages.GetOverviewResponse:
    """Says the sums."""
    return messages.GetOverviewResponse(
        plays=overview.plays,
        ms_played=overview.ms_played,
        artists=overview.artists,
        tracks=overview.tracks,
        albums=overview.albums,
        first_played_at=timestamp(overview.first_played_at) if overview.first_played_at else None,
        last_played_at=timestamp(overview.last_played_at) if overview.last_played_at else None,
    )


def sources_response(spans: Sequence[SourceSpan]) -> messages.ListSourcesResponse:
    """Says which period each source covers."""
    return messages.ListSourcesResponse(
        sources=[
            messages.SourceSpan(
                source=_SOURCE_VALUES[span.source],
                plays=span.plays,
                first_played_at=timestamp(span.first_played_at),
                last_played_at=timestamp(span.last_played_at),
            )
            for span in spans
        ]
    )


def top_kind(kind: int) -> TopKind:
    """Reads what is to be ranked, which must be said."""
    if kind not in _KINDS:
        raise InvalidRequest("kind must be artists, tracks or albums.", field="kind", value=kind)
    return _KINDS[kind]


def top_order(order: int) -> TopOrder:
    """Reads by what it is to be ranked."""
    if order not in _ORDERS:
        raise InvalidRequest("order must be plays or milliseconds.", field="order", value=order)
    return _ORDERS[order]


def page_size(size: int) -> int:
    """Reads how many items a page has; 0 stands for the default."""
    check_range(size, "page_size", 0, _MAX_PAGE_SIZE)
    return size or _DEFAULT_PAGE_SIZE


def page_token(kind: TopKind, order: TopOrder, place: TopPlace) -> str:
    """Returns where the page after this place begins; opaque to callers."""
    key = [kind.value, order.value, place.rank, place.name, place.artist_name]
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def top_place(token: str, kind: TopKind, order: TopOrder) -> TopPlace | None:
    """Reads a page token, None for the first page. Raises InvalidRequest for one that is not of this ranking."""
    if not token:
        return None
    try:
        key = json.loads(base64.b64decode(token[:_MAX_TOKEN], altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise _bad_token() from None
    match key:
        case [kind.value, order.value, int(rank), str(name), str(artist)] if _is_key(rank, name + artist):
            return TopPlace(rank, name, artist)
    raise _bad_token()


def _is_key(rank: int, names: str) -> bool:
    """Tells whether the database can compare with it: it knows neither NUL nor lone surrogates."""
    storable = "\0" not in names and not any("\ud800" <= character <= "\udfff" for character in names)
    return storable and not isinstance(rank, bool) and 0 <= rank <= _MAX_BIGINT


def _bad_token() -> InvalidRequest:
    return InvalidRequest("page_token is none of this ranking: give it as it was given to you.", field="page_token")


def top_response(items: Sequence[TopItem], next_page_token: str) -> messages.ListTopResponse:
    """Says a page of a ranking."""
    return messages.ListTopResponse(
        items=[
            messages.TopItem(name=item.name, artist_name=item.artist_name, plays=item.plays, ms_played=item.ms_played)
            for item in items
        ],
        next_page_token=next_page_token,
    )


def bucket(value: int) -> Bucket | None:
    """Reads a unit of the calendar, None where it is left to us."""
    if value and value not in _BUCKETS:
        raise InvalidRequest("bucket is none that is known.", field="bucket", value=value)
    return _BUCKETS.get(value)


def time_zone(name: str) -> str:
    """Reads the name of a time zone. Raises InvalidRequest for one that is none of IANA's."""
    if not name or name == "UTC":
        return "UTC"
    try:
        return ZoneInfo(name).key
    except (LookupError, ValueError, OSError):  # a folder of zones is no zone
        raise InvalidRequest(
            'time_zone is no name of a time zone, such as "Europe/Berlin".', field="time_zone", value=name[:64]
        ) from None


def clock_response(hours: Sequence[ListeningHour]) -> messages.GetListeningClockResponse:
    """Says plays and time per hour of the week."""
    return messages.GetListeningClockResponse(
        hours=[messages.ListeningHour(plays=hour.plays, ms_played=hour.ms_played) for hour in hours]
    )


def timeline_response(used: Bucket, points: Sequence[TimelinePoint]) -> messages.GetTimelineResponse:
    """Says plays and time per bucket."""
    response = messages.GetTimelineResponse(bucket=_BUCKET_VALUES[used])
    # Made in their places, and buckets begin at whole seconds: with 10,000 of them a third of the time.
    for point in points:
        made = response.points.add(plays=point.plays, ms_played=point.ms_played)
        made.start.seconds = int(point.start.timestamp())
    return response


def discoveries_response(used: Bucket, points: Sequence[DiscoveryPoint]) -> messages.GetDiscoveriesResponse:
    """Says what was heard for the first time, per bucket."""
    return messages.GetDiscoveriesResponse(
        bucket=_BUCKET_VALUES[used],
        points=[
            messages.DiscoveryPoint(start=timestamp(point.start), artists=point.artists, tracks=point.tracks)
            for point in points
        ],
    )


def sessions_response(sessions: ListeningSessions) -> messages.GetListeningSessionsResponse:
    """Says how many sessions there were, and the longest."""
    return messages.GetListeningSessionsResponse(
        sessions=sessions.sessions,
        ms=sessions.ms,
        longest_start=timestamp(sessions.longest_start) if sessions.longest_start else None,
        longest_end=timestamp(sessions.longest_end) if sessions.longest_end else None,
    )


def habits_response(habits: ListeningHabits) -> messages.GetListeningHabitsResponse:
    """Says on what was played and how much was skipped."""
    return messages.GetListeningHabitsResponse(
        platforms=[
            messages.PlatformPlays(platform=each.platform, plays=each.plays, ms_played=each.ms_played)
            for each in habits.platforms
        ],
        skips_told=habits.skips_told,
        skipped=habits.skipped,
    )
