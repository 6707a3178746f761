"""An upload's progress as server-sent events, from the state of now to the last one."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from gateway.auth import Caller
from gateway.connection import Coordinator
from gateway.following import Follower, LiveStreams
from gateway.openapi import problems
from gateway.settings import Settings
from gateway.upload_ids import UploadId
from gateway.upload_views import upload_view
from gateway.watching import follow_upload
from protos.uploads.v1.upload_pb2 import Upload

# A proxy that gathers or compresses would hold events back.
_HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}

# How soon a browser comes back to a stream that ended early, in milliseconds.
_PREAMBLE = b"retry: 1000\n\n"
_HEARTBEAT = b": nothing new\n\n"

router = APIRouter(prefix="/api/uploads", tags=["uploads"])


@router.get(
    "/{upload_id}/events",
    response_class=StreamingResponse,
    responses=problems(401, 404, 503) | {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def upload_events(
    request: Request, caller: Caller, upload_id: UploadId, coordinator: Coordinator
) -> StreamingResponse:
    """Sends the JSON of status whenever it changes, and ends after the terminal state.

    A stream may end before. Come back then: with Last-Event-ID or without, the state of then is sent at once.
    """
    states = follow_upload(coordinator.uploads, caller.id, upload_id)
    first = await anext(states)  # before the answer begins, so that a refusal is an answer of its own
    follower = Follower(first, states)
    events = _events(follower, request.app.state.streams, request.app.state.settings)
    return StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)


async def _events(follower: Follower, streams: LiveStreams, settings: Settings) -> AsyncIterator[bytes]:
    end = time.monotonic() + (settings.events_seconds or math.inf)
    async with streams.keep(follower):
        yield _PREAMBLE
        while not follower.has_ended and (left := end - time.monotonic()) > 0:
            state = await follower.next(min(settings.heartbeat_seconds, left))
            if state is not None:
                yield _event(state)
            elif not follower.has_ended:
                yield _HEARTBEAT


def _event(upload: Upload) -> bytes:
    data = upload_view(upload).model_dump_json(by_alias=True)
    return f"id: {upload.updated_at.ToMicroseconds()}\ndata: {data}\n\n".encode()
