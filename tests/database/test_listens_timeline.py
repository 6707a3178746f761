"""GetTimeline counts per bucket of the calendar, in a time zone, empty buckets included."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from coordinator.errors import InvalidRequest
from coordinator.listen_domain import Bucket, ListenFilter, TimeSpan
from coordinator.store import listens
from protos.listens.v1 import listen_pb2
from protos.listens.v1.listen_service_pb2 import (
    BUCKET_DAY,
    BUCKET_HOUR,
    BUCKET_MONTH,
    BUCKET_UNSPECIFIED,
    BUCKET_WEEK,
    BUCKET_YEAR,
    GetTimelineRequest,
    GetTimelineResponse,
)
from tests.database.listen_calls import NO_CONTEXT, Listening, listening
from tests.database.play_messages import Play, extended
from tests.database.stored_plays import connect

_BERLIN = ZoneInfo("Europe/Berlin")


def _range(start: datetime | None, end: datetime | None) -> listen_pb2.ListenFilter:
    wanted = listen_pb2.ListenFilter()
    if start:
        wanted.start_time.FromDatetime(start.astimezone(UTC))
    if end:
        wanted.end_time.FromDatetime(end.astimezone(UTC))
    return wanted


async def _stored(listener: Listening, owner_url: str, moments: Iterable[datetime]) -> UUID:
    user = uuid4()
    plays = [Play(second=int(moment.timestamp()), ms_played=1_000) for moment in moments]
    with connect(owner_url) as owner:
        await listener.commit_new(owner, user, extended(*plays))
    return user


async def _timeline(listener: Listening, user: UUID, **fields: Any) -> GetTimelineResponse:
    return await listener.service.GetTimeline(GetTimelineRequest(owner=str(user), **fields), NO_CONTEXT)


def _points(timeline: GetTimelineResponse, zone: ZoneInfo) -> list[tuple[str, int]]:
    """Gives the points as (local time, plays)."""
    return [(point.start.ToDatetime(UTC).astimezone(zone).isoformat(), point.plays) for point in timeline.points]


async def test_days_follow_the_clocks_of_the_time_zone(database_url: str, owner_url: str) -> None:
    moments = [
        datetime(2024, 3, 30, 0, 30, tzinfo=_BERLIN),
        datetime(2024, 3, 31, 23, 30, tzinfo=_BERLIN),
        datetime(2024, 4, 1, 0, 30, tzinfo=_BERLIN),
        datetime(2024, 4, 1, 12, tzinfo=_BERLIN),
    ]
    async with listening(database_url) as listener:
        user = await _stored(listener, owner_url, moments)
        timeline = await _timeline(listener, user, bucket=BUCKET_DAY, time_zone="Europe/Berlin")
    assert timeline.bucket == BUCKET_DAY
    assert _points(timeline, _BERLIN) == [
        ("2024-03-30T00:00:00+01:00", 1),
        ("2024-03-31T00:00:00+01:00", 1),
        ("2024-04-01T00:00:00+02:00", 2),
    ]


async def test_the_day_on_which_clocks_go_back_has_25_hours(database_url: str, owner_url: str) -> None:
    first = datetime(2024, 10, 27, 0, 15, tzinfo=_BERLIN)
    twice = [datetime(2024, 10, 27, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    async with listening(database_url) as listener:
        user = await _stored(listener, owner_url, [first, *twice])
        timeline = await _timeline(
            listener,
            user,
            bucket=BUCKET_HOUR,
            time_zone="Europe/Berlin",
            filter=_range(first.replace(minute=0), datetime(2024, 10, 28, tzinfo=_BERLIN)),
        )
    points = _points(timeline, _BERLIN)
    assert len(points) == 25
    assert points[2:4] == [("2024-10-27T02:00:00+02:00", 1), ("2024-10-27T02:00:00+01:00", 1)]
    assert sum(plays for _, plays in points) == 3


async def test_hours_are_whole_where_clocks_change_by_half_an_hour(database_url: str, owner_url: str) -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    start = datetime(2024, 4, 6, 12, tzinfo=UTC)
    moments = [start + timedelta(minutes=15 * quarter) for quarter in range(24)]
    async with listening(database_url) as listener:
        user = await _stored(listener, owner_url, moments)
        timeline = await _timeline(listener, user, bucket=BUCKET_HOUR, time_zone=zone.key)
    points = _points(timeline, zone)
    assert all(":00:00+" in start or ":30:00+" in start for start, _ in points)
    assert sum(plays for _, plays in points) == 24
    assert len(set(points)) == len(points)


@pytest.mark.parametrize(
    ("bucket", "starts"),
    [
        (BUCKET_WEEK, ["2023-12-25", "2024-01-01", "2024-01-08", "2024-01-15"]),
        (BUCKET_MONTH, ["2023-12-01", "2024-01-01"]),
        (BUCKET_YEAR, ["2023-01-01", "2024-01-01"]),
    ],
)
async def test_longer_buckets_begin_where_the_calendar_says(
    database_url: str, owner_url: str, bucket: Any, starts: list[str]
) -> None:
    moments = [datetime(2023, 12, 31, 23, 59, tzinfo=UTC), datetime(2024, 1, 15, tzinfo=UTC)]
    async with listening(database_url) as listener:
        user = await _stored(listener, owner_url, moments)
        timeline = await _timeline(listener, user, bucket=bucket)
    assert [point.start.ToDatetime(UTC).date().isoformat() for point in timeline.points] == starts
    assert (timeline.points[0].plays, timeline.points[0].ms_played) == (1, 1_000)
    assert (timeline.points[-1].plays, timeline.points[-1].ms_played) == (1, 1_000)


async def test_a_given_range_is_filled_where_there_are_no_plays(database_url: str) -> None:
    wanted = _range(datetime(2024, 1, 1, 6, tzinfo=UTC), datetime(2024, 1, 4, tzinfo=UTC))
    async with listening(database_url) as listener:
        timeline = await _timeline(listener, uuid4(), bucket=BUCKET_DAY, filter=wanted)
    assert [(point.start.ToDatetime(UTC).day, point.plays) for point in timeline.points] == [
        (1, 0),
        (2, 0),
        (3, 0),
    ]


async def test_an_open_range_ends_with_the_plays(database_url: str, owner_url: str) -> None:
    moments = [datetime(2024, 1, day, 12, tzinfo=UTC) for day in (3, 5)]
    async with listening(database_url) as listener:
        user = await _stored(listener, owner_url, moments)
        since = await _timeline(
            listener, user, bucket=BUCKET_DAY, filter=_range(datetime(2024, 1, 2, tzinfo=UTC), None)
        )
        until = await _timeline(
            listener, user, bucket=BUCKET_DAY, filter=_range(None, datetime(2024, 1, 6, tzinfo=UTC))
        )
    assert [point.start.ToDatetime(UTC).day for point in since.points] == [2, 3, 4, 5]
    assert [point.start.ToDatetime(UTC).day for point in until.points] == [3, 4, 5]


async def test_a_play_in_a_bucket_but_not_in_the_range_does_not_count(database_url: str, owner_url: str) -> None:
    noon = datetime(2024, 1, 1, 12, tzinfo=UTC)
    moments = [noon - timedelta(hours=1), noon, noon + timedelta(hours=1), noon + timedelta(hours=2)]
    async with listening(database_url) as listener:
        user = await _stored(listener, owner_url, moments)
        timeline = await _timeline(listener, user, bucket=BUCKET_DAY, filter=_range(noon, noon + timedelta(hours=2)))
    assert [point.plays for point in timeline.points] == [2]


async def test_a_filter_holds_for_timelines(database_url: str, owner_url: str) -> None:
    noon = datetime(2024, 1, 1, 12, tzinfo=UTC)
    plays = [
        Play("Long", second=int(noon.timestamp()), ms_played=60_000),
        Play("Short", second=int(noon.timestamp()) + 1, ms_played=59_999),
        Play(
            "Talk",
            second=int(noon.timestamp()) + 2,
            ms_played=70_000,
            content_type=listen_pb2.CONTENT_TYPE_PODCAST,
        ),
        Play("Long", second=int(noon.timestamp()) + 3, ms_played=60_000),
    ]
    wanted = listen_pb2.ListenFilter(min_ms=60_000, content_type=listen_pb2.CONTENT_TYPE_MUSIC)
    user = uuid4()
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            await listener.commit_new(owner, user, extended(*plays))
            await listener.commit_new(owner, uuid4(), extended(*plays))
        timeline = await _timeline(listener, user, bucket=BUCKET_DAY, filter=wanted)
    assert [(point.plays, point.ms_played) for point in timeline.points] == [(2, 120_000)]


async def test_somebody_without_plays_has_no_points(database_url: str) -> None:
    async with listening(database_url) as listener:
        timeline = await _timeline(listener, uuid4())
    assert timeline == GetTimelineResponse(bucket=BUCKET_DAY)


@pytest.mark.parametrize(
    ("days", "bucket", "points"),
    [
        (10, BUCKET_HOUR, 240),
        (300, BUCKET_DAY, 300),
        (2_000, BUCKET_WEEK, 287),
        (8_000, BUCKET_MONTH, 263),
        (20_000, BUCKET_YEAR, 55),
    ],
)
async def test_a_bucket_that_is_not_given_suits_the_range(
    database_url: str, days: int, bucket: Any, points: int
) -> None:
    start = datetime(2010, 1, 1, tzinfo=UTC)
    wanted = _range(start, start + timedelta(days=days))
    async with listening(database_url) as listener:
        timeline = await _timeline(listener, uuid4(), bucket=BUCKET_UNSPECIFIED, filter=wanted)
    assert timeline.bucket == bucket
    assert len(timeline.points) == points


async def test_ten_thousand_buckets_are_shown_and_one_more_is_refused(database_url: str) -> None:
    start = datetime(2000, 1, 1, tzinfo=UTC)
    end = start + timedelta(days=10_000)
    async with listening(database_url) as listener:
        most = await _timeline(listener, uuid4(), bucket=BUCKET_DAY, filter=_range(start, end))
        assert len(most.points) == 10_000
        for too_long in (end + timedelta(seconds=1), end + timedelta(days=20_000)):
            with pytest.raises(InvalidRequest, match="10000 buckets") as refused:
                await _timeline(listener, uuid4(), bucket=BUCKET_DAY, filter=_range(start, too_long))
            assert refused.value.metadata["limit"] == "10000"


@pytest.mark.parametrize("name", ["Europe/Nowhere", "Europe", "+02", "CEST-2", "../UTC", "A\0B", "berlin " * 40])
async def test_an_unknown_time_zone_is_refused(database_url: str, name: str) -> None:
    async with listening(database_url) as listener:
        with pytest.raises(InvalidRequest) as refused:
            await _timeline(listener, uuid4(), time_zone=name)
    assert refused.value.metadata["field"] == "time_zone"


async def test_a_time_zone_that_only_we_know_is_refused(database_url: str) -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    async with listening(database_url) as listener:
        with pytest.raises(InvalidRequest, match="database does not know"):
            await listens.get_timeline(
                listener.database,
                ListenFilter(uuid4()),
                Bucket.DAY,
                "Mars/Olympus_Mons",
                TimeSpan(moment, moment),
                10,
            )


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("bucket", {"bucket": 9}),
        ("filter.min_ms", {"filter": listen_pb2.ListenFilter(min_ms=-1)}),
        ("filter.content_type", {"filter": {"content_type": 9}}),
        ("filter.start_time", {"filter": {"start_time": {"seconds": 2**60}}}),
        ("filter.start_time", {"filter": {"start_time": {"seconds": -62_135_596_800}}}),
        ("filter.end_time", {"filter": {"start_time": {"seconds": 9}, "end_time": {"seconds": 8}}}),
    ],
)
async def test_a_filter_that_means_nothing_is_refused(database_url: str, field: str, fields: dict[str, Any]) -> None:
    async with listening(database_url) as listener:
        with pytest.raises(InvalidRequest) as refused:
            await _timeline(listener, uuid4(), **fields)
    assert refused.value.metadata["field"] == field
