"""The routes of the dashboard: a person's plays in numbers."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from gateway.auth import Caller
from gateway.connection import Coordinator
from gateway.listen_filters import AllFilter, MusicFilter, TimeZone
from gateway.listen_views import (
    BUCKETS,
    BucketName,
    ClockView,
    DiscoveriesView,
    HabitsView,
    ListensView,
    OverviewView,
    SessionsView,
    SourcesView,
    TimelineView,
    TopView,
    clock_view,
    discoveries_view,
    habits_view,
    listens_view,
    overview_view,
    sessions_view,
    sources_view,
    timeline_view,
    top_view,
)
from gateway.openapi import problems
from protos.listens.v1.listen_service_pb2 import (
    TOP_KIND_ALBUMS,
    TOP_KIND_ARTISTS,
    TOP_KIND_TRACKS,
    TOP_ORDER_MS_PLAYED,
    TOP_ORDER_PLAYS,
    GetDiscoveriesRequest,
    GetListeningClockRequest,
    GetListeningHabitsRequest,
    GetListeningSessionsRequest,
    GetOverviewRequest,
    GetTimelineRequest,
    ListListensRequest,
    ListSourcesRequest,
    ListTopRequest,
)

router = APIRouter(prefix="/api/listens", tags=["listens"], responses=problems(400, 401, 422, 503))

Cursor = Annotated[str, Query(max_length=8000, description="nextCursor of the page before.")]

_KINDS = {"artists": TOP_KIND_ARTISTS, "tracks": TOP_KIND_TRACKS, "albums": TOP_KIND_ALBUMS}
_ORDERS = {"plays": TOP_ORDER_PLAYS, "msPlayed": TOP_ORDER_MS_PLAYED}


@router.get("/overview")
async def overview(caller: Caller, coordinator: Coordinator, which: AllFilter) -> OverviewView:
    """Sums up the caller's plays."""
    answer = await coordinator.listens.get_overview(GetOverviewRequest(owner=caller.id, filter=which))
    return overview_view(answer)


@router.get("/sources")
async def sources(caller: Caller, coordinator: Coordinator) -> SourcesView:
    """Tells which period the plays of each source cover, account data first."""
    return sources_view(await coordinator.listens.list_sources(ListSourcesRequest(owner=caller.id)))


@router.get("/top/{kind}")
async def top(
    caller: Caller,
    coordinator: Coordinator,
    which: MusicFilter,
    kind: Literal["artists", "tracks", "albums"],
    by: Literal["plays", "msPlayed"] = "plays",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Cursor = "",
) -> TopView:
    """Ranks artists, tracks or albums, ties by name."""
    request = ListTopRequest(
        owner=caller.id,
        filter=which,
        kind=_KINDS[kind],
        order=_ORDERS[by],
        page_size=limit,
        page_token=cursor,
    )
    return top_view(await coordinator.listens.list_top(request))


@router.get("/timeline")
async def timeline(
    caller: Caller,
    coordinator: Coordinator,
    which: AllFilter,
    bucket: Annotated[BucketName | None, Query(description="By the length of the range, unless said.")] = None,
    tz: TimeZone = "UTC",
) -> TimelineView:
    """Counts plays and time per bucket of the calendar, empty ones included."""
    request = GetTimelineRequest(owner=caller.id, filter=which, time_zone=tz)
    if bucket is not None:
        request.bucket = BUCKETS[bucket]
    return timeline_view(await coordinator.listens.get_timeline(request))


@router.get("/clock")
async def clock(caller: Caller, coordinator: Coordinator, which: AllFilter, tz: TimeZone = "UTC") -> ClockView:
    """Counts plays and time per weekday and hour, empty hours included."""
    request = GetListeningClockRequest(owner=caller.id, filter=which, time_zone=tz)
    return clock_view(await coordinator.listens.get_listening_clock(request))


@router.get("/discoveries")
async def discoveries(
    caller: Caller,
    coordinator: Coordinator,
    which: AllFilter,
    bucket: Annotated[BucketName | None, Query(description="By the length of the range, unless said.")] = None,
    tz: TimeZone = "UTC",
) -> DiscoveriesView:
    """Counts artists and tracks heard for the first time, per bucket of the calendar; those without are left out."""
    request = GetDiscoveriesRequest(owner=caller.id, filter=which, time_zone=tz)
    if bucket is not None:
        request.bucket = BUCKETS[bucket]
    return discoveries_view(await coordinator.listens.get_discoveries(request))


@router.get("/sessions")
async def sessions(caller: Caller, coordinator: Coordinator, which: AllFilter) -> SessionsView:
    """Counts sessions: plays with at most half an hour of silence between them."""
    request = GetListeningSessionsRequest(owner=caller.id, filter=which)
    return sessions_view(await coordinator.listens.get_listening_sessions(request))


@router.get("/habits")
async def habits(caller: Caller, coordinator: Coordinator, which: AllFilter) -> HabitsView:
    """Counts plays by platform, and skips, for which minMs does not hold."""
    request = GetListeningHabitsRequest(owner=caller.id, filter=which)
    return habits_view(await coordinator.listens.get_listening_habits(request))


@router.get("")
async def plays(
    caller: Caller,
    coordinator: Coordinator,
    which: AllFilter,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Cursor = "",
) -> ListensView:
    """Lists plays, newest first; a page may hold fewer than limit where their names are very long."""
    request = ListListensRequest(owner=caller.id, filter=which, page_size=limit, page_token=cursor)
    return listens_view(await coordinator.listens.list_listens(request))
