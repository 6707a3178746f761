"""An upload's progress as server-sent events, from the state of now to the last one."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from gateway.auth import Caller
from gateway.connection import Coordinator
from gateway.event_streams import EVENT_STREAM, json_event, stream_events
from gateway.openapi import problems
from gateway.upload_ids import UploadId
from gateway.upload_views import upload_view
from gateway.watching import follow_upload
from protos.uploads.v1.upload_pb2 import Upload

router = APIRouter(prefix="/api/uploads", tags=["uploads"])


@router.get("/{upload_id}/events", response_class=StreamingResponse, responses=problems(401, 404, 503) | EVENT_STREAM)
async def upload_events(
    request: Request, caller: Caller, upload_id: UploadId, coordinator: Coordinator
) -> StreamingResponse:
    """Sends the JSON of status whenever it changes, and ends after the terminal state.

    A stream may end before. Come back then: with Last-Event-ID or without, the state of then is sent at once.
    """
    return await stream_events(request, follow_upload(coordinator.uploads, caller.id, upload_id), _event)


def _event(upload: Upload) -> bytes:
    return json_event(upload_view(upload), upload.updated_at.ToMicroseconds())
