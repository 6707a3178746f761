"""Server-sent events: states of something as they come, from the one of now to the last."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any, TypeVar

from fastapi import Request
from starlette.responses import StreamingResponse

from gateway.following import Follower, LiveStreams
from gateway.settings import Settings
from gateway.upload_views import View

# A proxy that gathers or compresses would hold events back.
_HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}

# How soon a browser comes back to a stream that ended early, in milliseconds.
_PREAMBLE = b"retry: 1000\n\n"
_HEARTBEAT = b": nothing new\n\n"

# What OpenAPI says of the answer.
EVENT_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}
}

State = TypeVar("State")


def json_event(view: View, event_id: int | None = None) -> bytes:
    """Makes an event of a view; by its id, where it has one, a browser says what it had last."""
    name = "" if event_id is None else f"id: {event_id}\n"
    return f"{name}data: {view.model_dump_json(by_alias=True)}\n\n".encode()


async def stream_events(
    request: Request, states: AsyncGenerator[State, None], event: Callable[[State], bytes]
) -> StreamingResponse:
    """Answers with an event for each state; a stream may end before, and whoever comes back gets the state of then.

    Raises:
        CoordinatorError: there is no first state.
    """
    first = await anext(states)  # before the answer begins, so that a refusal is an answer of its own
    follower = Follower(first, states)
    events = _events(follower, event, request.app.state.streams, request.app.state.settings)
    return StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)


async def _events(
    follower: Follower[State], event: Callable[[State], bytes], streams: LiveStreams, settings: Settings
) -> AsyncIterator[bytes]:
    end = time.monotonic() + (settings.events_seconds or math.inf)
    async with streams.keep(follower):
        yield _PREAMBLE
        while not follower.has_ended and (left := end - time.monotonic()) > 0:
            state = await follower.next(min(settings.heartbeat_seconds, left))
            if state is not None:
                yield event(state)
            elif not follower.has_ended:
                yield _HEARTBEAT
