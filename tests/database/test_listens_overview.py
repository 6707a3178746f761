"""GetOverview sums over a person's plays."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from coordinator.errors import InvalidRequest
from protos.listens.v1 import listen_pb2
from protos.listens.v1.listen_service_pb2 import GetOverviewRequest, GetOverviewResponse
from tests.database.listen_calls import NO_CONTEXT, Listening, listening
from tests.database.play_messages import NOON, Play, extended
from tests.database.stored_plays import connect

_PLAYS = (
    Play("Song", "Band", NOON, 60_000, album="First"),
    Play("Song", "Band", NOON + 600, 20_000, album="First"),
    Play("Song", "Choir", NOON + 1200, 90_000, album="First"),
    Play("Talk", "Show", NOON + 1800, 600_000, content_type=listen_pb2.CONTENT_TYPE_PODCAST),
    Play("Unknown Track", "Unknown Artist", NOON + 2400, 45_000),
)


async def _overview(
    listener: Listening, owner: UUID | str, filter_: listen_pb2.ListenFilter | None = None
) -> GetOverviewResponse:
    request = GetOverviewRequest(owner=str(owner), filter=filter_)
    return await listener.service.GetOverview(request, NO_CONTEXT)


def _seconds(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


async def test_an_overview_counts_all_plays_and_distinct_names(database_url: str, owner_url: str) -> None:
    user = uuid4()
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            await listener.commit_new(owner, user, extended(*_PLAYS))
            await listener.commit_new(owner, uuid4(), extended(*_PLAYS, Play("Another's")))
        overview = await _overview(listener, user)
    assert (overview.plays, overview.ms_played) == (5, 815_000)
    # A track is another one with another artist, and so is an album.
    assert (overview.artists, overview.tracks, overview.albums) == (4, 4, 2)
    assert overview.first_played_at.ToDatetime(UTC) == _seconds(NOON)
    assert overview.last_played_at.ToDatetime(UTC) == _seconds(NOON + 2400)


async def test_a_filter_leaves_out_short_plays_and_other_contents(database_url: str, owner_url: str) -> None:
    user = uuid4()
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            await listener.commit_new(owner, user, extended(*_PLAYS))
        longer = await _overview(listener, user, listen_pb2.ListenFilter(min_ms=60_000))
        podcasts = await _overview(
            listener, user, listen_pb2.ListenFilter(content_type=listen_pb2.CONTENT_TYPE_PODCAST)
        )
    assert (longer.plays, longer.ms_played) == (3, 750_000)
    assert (podcasts.plays, podcasts.artists) == (1, 1)


async def test_the_start_of_a_range_is_included_and_its_end_is_not(database_url: str, owner_url: str) -> None:
    user = uuid4()
    wanted = listen_pb2.ListenFilter()
    wanted.start_time.FromSeconds(NOON + 600)
    wanted.end_time.FromSeconds(NOON + 1800)
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            await listener.commit_new(owner, user, extended(*_PLAYS))
        overview = await _overview(listener, user, wanted)
    assert overview.plays == 2
    assert overview.first_played_at.seconds == NOON + 600
    assert overview.last_played_at.seconds == NOON + 1200


async def test_somebody_without_plays_gets_zeros_and_no_times(database_url: str) -> None:
    async with listening(database_url) as listener:
        overview = await _overview(listener, uuid4())
    assert overview == GetOverviewResponse()
    assert not overview.HasField("first_played_at")


async def test_an_owner_who_is_no_person_is_refused(database_url: str) -> None:
    async with listening(database_url) as listener:
        with pytest.raises(InvalidRequest, match="owner"):
            await _overview(listener, "billing-service")
