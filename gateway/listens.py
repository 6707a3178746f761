"""The routes of the dashboard: a person's plays in numbers."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from gateway.auth import Caller
from gateway.connection import Coordinator
from gateway.listen_filters import TimeZone, listen_filter
from gateway.listen_views import (
    BUCKETS,
    BucketName,
    OverviewView,
    TimelineView,
    TopView,
    overview_view,
    timeline_view,
    top_view,
)
from gateway.openapi import problems
from protos.listens.v1.listen_pb2 import ListenFilter
from protos.listens.v1.listen_service_pb2 import (
    TOP_KIND_ALBUMS,
    TOP_KIND_ARTISTS,
    TOP_KIND_TRACKS,
    TOP_ORDER_MS_PLAYED,
    TOP_ORDER_PLAYS,
    GetOverviewRequest,
    GetTimelineRequest,
    ListTopRequest,
)

router = APIRouter(prefix="/api/listens", tags=["listens"], responses=problems(400, 401, 422, 503))

AllFilter = Annotated[ListenFilter, Depends(listen_filter("all"))]
MusicFilter = Annotated[ListenFilter, Depends(listen_filter("music"))]

_KINDS = {"artists": TOP_KIND_ARTISTS, "tracks": TOP_KIND_TRACKS, "albums": TOP_KIND_ALBUMS}
_ORDERS = {"plays": TOP_ORDER_PLAYS, "msPlayed": TOP_ORDER_MS_PLAYED}


@router.get("/overview")
async def overview(caller: Caller, coordinator: Coordinator, which: AllFilter) -> OverviewView:
    """Sums up the caller's plays."""
    answer = await coordinator.listens.get_overview(GetOverviewRequest(owner=caller.id, filter=which))
    return overview_view(answer)


@router.get("/top/{kind}")
async def top(
    caller: Caller,
    coordinator: Coordinator,
    which: MusicFilter,
    kind: Literal["artists", "tracks", "albums"],
    by: Literal["plays", "msPlayed"] = "plays",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str, Query(max_length=8000, description="nextCursor of the page before.")] = "",
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
