"""How everything stands as server-sent events, every other second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from coordinator_client.operator import Operator
from gateway.admin_gate import ADMIN_PATH, ActingOperator
from gateway.admin_views import AdminOverview, counted_at, queue_view, worker_view
from gateway.event_streams import EVENT_STREAM, json_event, stream_events
from gateway.openapi import problems
from protos.jobs.v1.admin_service_pb2 import ListWorkersRequest

# The coordinators note their counts once a second.
_REST_SECONDS = 2.0
_MOST_WORKERS = 200

router = APIRouter(prefix=ADMIN_PATH, tags=["operators"])


@router.get("/overview", responses=problems(404, 503))
async def admin_overview(operator: ActingOperator) -> AdminOverview:
    """Tells how all queues and workers stand, as the stream does: for where streams are cut."""
    return await _look(operator)


@router.get("/events", response_class=StreamingResponse, responses=problems(404, 503) | EVENT_STREAM)
async def admin_events(request: Request, operator: ActingOperator) -> StreamingResponse:
    """Sends how all queues and workers stand, now and every other second.

    A stream may end at any time. Come back then: the state of then is sent at once.
    """
    return await stream_events(request, _looks(operator), json_event)


async def _looks(operator: Operator) -> AsyncGenerator[AdminOverview, None]:
    while True:
        yield await _look(operator)
        await asyncio.sleep(_REST_SECONDS)


async def _look(operator: Operator) -> AdminOverview:
    stats, page = await asyncio.gather(
        operator.get_queue_stats(), operator.workers_page(ListWorkersRequest(page_size=_MOST_WORKERS))
    )
    return AdminOverview(
        at=datetime.now(UTC),
        queues=[queue_view(one) for one in stats.queues],
        counted_at=counted_at(stats),
        workers=[worker_view(worker) for worker in page.workers],
        more_workers=bool(page.next_page_token),
    )
