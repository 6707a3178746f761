"""GetListeningClock counts per hour of the week on the clocks of a time zone, across all that they did."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo, available_timezones

import pytest

from coordinator.errors import InvalidRequest
from protos.listens.v1 import listen_pb2
from protos.listens.v1.listen_service_pb2 import GetListeningClockRequest, GetListeningClockResponse
from tests.database.listen_calls import NO_CONTEXT, Listening, listening
from tests.database.made_history import make_play, store
from tests.database.stored_plays import connect


async def _clock(listener: Listening, user: UUID, **fields: Any) -> GetListeningClockResponse:
    return await listener.service.GetListeningClock(GetListeningClockRequest(owner=str(user), **fields), NO_CONTEXT)


def _plays(clock: GetListeningClockResponse) -> dict[tuple[int, int], int]:
    """Gives the hours with plays by (weekday, hour)."""
    return {divmod(place, 24): hour.plays for place, hour in enumerate(clock.hours) if hour.plays}


@pytest.mark.parametrize(
    ("zone", "moment", "weekday", "hour"),
    [
        ("", "2024-03-04T00:00:00+00:00", 0, 0),
        ("UTC", "2024-03-10T23:59:59+00:00", 6, 23),
        ("Europe/Berlin", "2024-03-31T00:59:59+00:00", 6, 1),
        # The clock went on from 2 to 3 o'clock.
        ("Europe/Berlin", "2024-03-31T01:00:00+00:00", 6, 3),
        # And back from 3 to 2: twice the same hour.
        ("Europe/Berlin", "2024-10-27T00:30:00+00:00", 6, 2),
        ("Europe/Berlin", "2024-10-27T01:30:00+00:00", 6, 2),
        ("Asia/Kathmandu", "2024-03-03T18:14:59+00:00", 6, 23),
        ("Asia/Kathmandu", "2024-03-03T18:15:00+00:00", 0, 0),
        # Half an hour back at 2 o'clock of summer.
        ("Australia/Lord_Howe", "2024-04-06T14:59:59+00:00", 6, 1),
        ("Australia/Lord_Howe", "2024-04-06T15:00:00+00:00", 6, 1),
        ("Australia/Lord_Howe", "2024-04-06T15:30:00+00:00", 6, 2),
        # One minute past midnight, until 2011.
        ("America/St_Johns", "2010-03-14T03:30:30+00:00", 6, 0),
        ("America/St_Johns", "2010-03-14T03:31:00+00:00", 6, 1),
    ],
)
async def test_a_play_counts_in_the_hour_that_the_clock_showed(
    database_url: str, owner_url: str, zone: str, moment: str, weekday: int, hour: int
) -> None:
    user = uuid4()
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            store(owner, user, [make_play(datetime.fromisoformat(moment))])
        clock = await _clock(listener, user, time_zone=zone)
    assert _plays(clock) == {(weekday, hour): 1}
    assert clock.hours[weekday * 24 + hour].ms_played == 180_000
    assert len(clock.hours) == 168


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Europe/Berlin", datetime(2024, 3, 31, 1, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2024, 10, 27, 1, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2024, 4, 6, 15, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2024, 10, 5, 15, 30, tzinfo=UTC)),
        ("America/St_Johns", datetime(2010, 3, 14, 3, 31, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2024, 1, 1, tzinfo=UTC)),
        # A day that never was, and a change for good.
        ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
        ("Asia/Pyongyang", datetime(2015, 8, 14, 15, tzinfo=UTC)),
    ],
)
async def test_the_days_around_a_change_are_exact_to_the_second(
    database_url: str, owner_url: str, zone: str, change: datetime
) -> None:
    moments = [change + timedelta(seconds=second) for second in range(-3 * 86_400, 3 * 86_400, 397)]
    moments += [change + timedelta(seconds=second) for second in range(-5, 5)]
    # Far from it on both sides, so that there are other changes in between.
    moments += [change + timedelta(days=day, hours=day % 24) for day in range(-800, 800, 13)]
    user = uuid4()
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            store(owner, user, [make_play(moment, ms_played=1) for moment in moments])
        clock = await _clock(listener, user, time_zone=zone)
    local = [moment.astimezone(ZoneInfo(zone)) for moment in moments]
    assert _plays(clock) == Counter((moment.weekday(), moment.hour) for moment in local)
    assert [hour.ms_played for hour in clock.hours] == [hour.plays for hour in clock.hours]


async def test_a_filter_holds_for_the_clock(database_url: str, owner_url: str) -> None:
    noon = datetime(2024, 3, 4, 12, tzinfo=UTC)
    plays = [
        make_play(noon - timedelta(microseconds=1)),
        make_play(noon),
        make_play(noon, ms_played=9),
        make_play(noon, content_type="podcast"),
        make_play(noon + timedelta(hours=1)),
    ]
    wanted = listen_pb2.ListenFilter(min_ms=10, content_type=listen_pb2.CONTENT_TYPE_MUSIC)
    wanted.start_time.FromDatetime(noon)
    wanted.end_time.FromDatetime(noon + timedelta(hours=1))
    user = uuid4()
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            store(owner, user, plays)
            store(owner, uuid4(), plays)
        clock = await _clock(listener, user, filter=wanted)
        nobodys = await _clock(listener, uuid4())
    assert _plays(clock) == {(0, 12): 1}
    assert (len(nobodys.hours), _plays(nobodys)) == (168, {})


@pytest.mark.parametrize("name", ["Europe/Nowhere", "+02", "A\0B"])
async def test_an_unknown_time_zone_has_no_clock(database_url: str, name: str) -> None:
    async with listening(database_url) as listener:
        with pytest.raises(InvalidRequest) as refused:
            await _clock(listener, uuid4(), time_zone=name)
    assert refused.value.metadata["field"] == "time_zone"


@pytest.mark.long
def test_no_zone_changes_its_clocks_twice_within_three_days_and_back() -> None:
    """The statement leans on it: where both ends of three days agree, so does all between."""
    step, reach = timedelta(hours=6), 12
    start = datetime(2000, 1, 1, tzinfo=UTC)
    moments = [start + place * step for place in range(40 * 1_461)]
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        offsets = [moment.astimezone(zone).utcoffset() for moment in moments]
        for place in range(1, len(offsets)):
            if offsets[place] != offsets[place - 1]:
                assert offsets[place - 1] not in offsets[place : place + reach], (name, moments[place])
