"""Which plays are asked for: the parameters that all the dashboard's routes have in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, tzinfo
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Depends, Query
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.problems import Problem, refusal
from gateway.upload_views import stamp
from protos.listens.v1 import listen_pb2

ContentTypeName = Literal["all", "music", "podcast", "audiobook", "video"]

TimeZone = Annotated[
    str,
    Query(
        alias="tz",
        pattern=r"^[A-Za-z0-9_+/-]{1,64}$",
        description="An IANA name: whose days are meant by dates, and by which timeline and clock are cut.",
    ),
]

_CONTENT_TYPES: dict[ContentTypeName, listen_pb2.ContentType.ValueType] = {
    "all": listen_pb2.CONTENT_TYPE_UNSPECIFIED,
    "music": listen_pb2.CONTENT_TYPE_MUSIC,
    "podcast": listen_pb2.CONTENT_TYPE_PODCAST,
    "audiobook": listen_pb2.CONTENT_TYPE_AUDIOBOOK,
    "video": listen_pb2.CONTENT_TYPE_VIDEO,
}

_INT32_MAX = 2**31 - 1


def listen_filter(default: ContentTypeName) -> Callable[..., listen_pb2.ListenFilter]:
    """Makes the dependency that reads the parameters; `default` is the content type where none is given."""

    def read(
        start: Annotated[str, Query(alias="from", max_length=64, description="A date or an instant; included.")] = "",
        end: Annotated[str, Query(alias="to", max_length=64, description="A date or an instant; not included.")] = "",
        min_ms: Annotated[
            int, Query(alias="minMs", ge=0, le=_INT32_MAX, description="Shorter plays do not count.")
        ] = 0,
        content_type: Annotated[ContentTypeName, Query(alias="contentType")] = default,
        tz: TimeZone = "UTC",
    ) -> listen_pb2.ListenFilter:
        return listen_pb2.ListenFilter(
            start_time=_timestamp(start, "from", tz),
            end_time=_timestamp(end, "to", tz),
            min_ms=min_ms,
            content_type=_CONTENT_TYPES[content_type],
        )

    return read


AllFilter = Annotated[listen_pb2.ListenFilter, Depends(listen_filter("all"))]
MusicFilter = Annotated[listen_pb2.ListenFilter, Depends(listen_filter("music"))]


def _timestamp(text: str, field: str, tz: str) -> Timestamp | None:
    if not text:
        return None
    zone = zone_of(tz)
    try:
        moment = _moment(text, zone).astimezone(UTC)
    except (ValueError, OverflowError):
        example = "2024-12-31 or 2024-12-31T23:00:00Z"
        raise _unreadable(
            field, f"{field} is neither a date nor an instant (ISO 8601). Write it as {example}."
        ) from None
    return stamp(moment)


def _moment(text: str, zone: tzinfo) -> datetime:
    """Reads an instant; a date is its first moment, a time without an offset the zone's."""
    try:
        return datetime.combine(date.fromisoformat(text), time.min, zone)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def zone_of(name: str) -> tzinfo:
    """Reads the name of a time zone. Raises a problem where there is none of that name."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _unreadable(
            "tz", "tz is no time zone that is known here. Write an IANA name such as Europe/Berlin."
        ) from None


def _unreadable(field: str, detail: str) -> Problem:
    return refusal("INVALID_REQUEST", detail, field=field)
