"""The queue itself over HTTP, for applications that cannot speak gRPC: people's own jobs, of kinds open to them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import StreamingResponse

from coordinator_client.errors import JobNotFound
from coordinator_client.new_jobs import new_job
from gateway.auth import Caller
from gateway.connection import Connection, Coordinator
from gateway.event_streams import EVENT_STREAM, json_event, stream_events
from gateway.idempotency import IdempotencyKey
from gateway.job_views import JobAccepted, JobView, JobWish, job_view
from gateway.open_queues import OpenQueues
from gateway.openapi import problems
from gateway.problems import Problem, refusal
from gateway.settings import KIB, Settings
from gateway.upload_ids import may_be_id
from protos.jobs.v1.job_pb2 import Job

PATH = "/api/jobs"


# Beside its payload, which may be written with an escape for each character.
_OTHER_BYTES = 16 * KIB
_ESCAPED = 6

router = APIRouter(prefix=PATH, tags=["jobs"])


def body_limit(settings: Settings) -> int:
    """How many bytes the body of a request may have."""
    return _ESCAPED * settings.job_payload_bytes + _OTHER_BYTES


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _open_queues(request: Request) -> OpenQueues:
    return _settings(request).open_queues


def _job_id(job_id: Annotated[str, Path(description="As the job was given it: opaque.")]) -> str:
    if not may_be_id(job_id):
        raise _no_such_job()
    return job_id


JobId = Annotated[str, Depends(_job_id)]
Open = Annotated[OpenQueues, Depends(_open_queues)]


@router.post("", status_code=202, responses=problems(400, 401, 404, 409, 413, 422, 429, 503))
async def enqueue_job(
    request: Request, wish: JobWish, caller: Caller, key: IdempotencyKey, coordinator: Coordinator, queues: Open
) -> JobAccepted:
    """Puts a job of the caller's into a queue; it is stored when this answers."""
    if not queues.has(wish.queue, wish.kind):
        raise refusal("NOT_FOUND", "Jobs of this queue and kind are not taken here.", field="kind")
    job = new_job(
        wish.queue,
        wish.kind,
        _payload(wish, _settings(request).job_payload_bytes),
        delay=wish.delay_seconds,
        expire_after=wish.expire_after_seconds,
        unique_key=wish.unique_key,
    )
    answer = await coordinator.jobs.enqueue(caller.id, [job], idempotency_key=key)
    return JobAccepted(job_id=answer.job_ids[0], existing=bool(answer.existing))


@router.get("/{job_id}", responses=problems(401, 404, 503))
async def get_job(caller: Caller, job_id: JobId, coordinator: Coordinator, queues: Open) -> JobView:
    """Tells how a job of the caller's stands."""
    return job_view(await _open_job(coordinator, caller.id, job_id, queues))


@router.post("/{job_id}/cancel", responses=problems(400, 401, 404, 409, 429, 503))
async def cancel_job(
    caller: Caller, job_id: JobId, _key: IdempotencyKey, coordinator: Coordinator, queues: Open
) -> JobView:
    """Ends an unfinished job of the caller's, at once. A repeat is harmless."""
    await _open_job(coordinator, caller.id, job_id, queues)
    await coordinator.jobs.cancel_job(caller.id, job_id)
    return job_view(await coordinator.jobs.get_job(caller.id, job_id))


@router.get("/{job_id}/events", response_class=StreamingResponse, responses=problems(401, 404, 503) | EVENT_STREAM)
async def job_events(
    request: Request, caller: Caller, job_id: JobId, coordinator: Coordinator, queues: Open
) -> StreamingResponse:
    """Sends the job whenever it changes, and ends after its final state.

    A stream may end before. Come back then: the state of then is sent at once.
    """
    return await stream_events(request, _open_states(coordinator, caller.id, job_id, queues), _event)


async def _open_states(
    coordinator: Connection, owner: str, job_id: str, queues: OpenQueues
) -> AsyncGenerator[Job, None]:
    async with aclosing(coordinator.jobs.watch_job(owner, job_id)) as states:
        async for job in states:
            yield _if_open(job, queues)


async def _open_job(coordinator: Connection, owner: str, job_id: str, queues: OpenQueues) -> Job:
    return _if_open(await coordinator.jobs.get_job(owner, job_id), queues)


def _if_open(job: Job, queues: OpenQueues) -> Job:
    """Jobs that are people's by other ways, such as the files of their uploads, are not to be had by this one."""
    if not queues.has(job.queue, job.kind):
        raise _no_such_job()
    return job


def _no_such_job() -> Problem:
    return refusal(JobNotFound.default_reason, "You have no job of this id.")


def _payload(wish: JobWish, limit: int) -> bytes:
    if "payload" not in wish.model_fields_set:
        return b""
    try:
        payload = json.dumps(wish.payload, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        raise refusal("INVALID_REQUEST", "The payload is no JSON that can be stored.", field="payload") from None
    if len(payload) > limit:
        detail = f"The payload has {len(payload)} bytes; at most {limit} are taken."
        raise refusal("PAYLOAD_TOO_LARGE", detail, field="payload", limit=limit, value=len(payload))
    return payload


def _event(job: Job) -> bytes:
    return json_event(job_view(job))
