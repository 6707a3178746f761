"""A coordinator that keeps jobs in memory and does what a test tells it: for producers' and the gateway's tests."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio

from protos.jobs.v1 import job_pb2, job_service_pb2, job_service_pb2_grpc
from tests.service.fake_uploads import Refusal, abort

FINAL = {job_pb2.JOB_STATE_COMPLETED, job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED}


class FakeJobs(job_service_pb2_grpc.JobServiceServicer):
    """Remembers every call; answers as the contract says, unless `refusals` has something for the method."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.refusals: dict[str, list[Refusal]] = {}
        self.jobs: dict[str, job_pb2.Job] = {}
        self.open_watches = 0
        self.streams = 0
        # Requests of a stream that were read and wait to be answered; cleared, nothing is answered.
        self.answers_streams = asyncio.Event()
        self.answers_streams.set()
        # Ends the stream that reads it, in place of an answer.
        self.breaking_owners: set[str] = set()
        self._keys: dict[tuple[str, str], tuple[bytes, list[str]]] = {}
        self._changed = asyncio.Condition()
        self._watches_to_cut = 0

    def requests_of(self, method: str) -> list[Any]:
        return [request for name, request in self.calls if name == method]

    def add_job(self, owner: str, **fields: Any) -> str:
        """Makes a job; its id."""
        job = job_pb2.Job(
            **{
                "id": str(uuid.uuid4()),
                "owner": owner,
                "queue": "images",
                "kind": "resize",
                "state": job_pb2.JOB_STATE_PENDING,
                "max_attempts": 4,
                **fields,
            }
        )
        job.created_at.GetCurrentTime()
        self.jobs[job.id] = job
        return job.id

    async def change(self, job_id: str, **fields: Any) -> None:
        """Changes a job, so that whoever watches it is told."""
        async with self._changed:
            self.jobs[job_id].MergeFrom(job_pb2.Job(**fields))
            self._changed.notify_all()

    async def cut_watches(self) -> None:
        """Ends every open watch with DRAINING."""
        async with self._changed:
            self._watches_to_cut = self.open_watches
            self._changed.notify_all()

    async def Enqueue(self, request: Any, context: Any) -> job_service_pb2.EnqueueResponse:  # noqa: N802
        await self._begin("Enqueue", request, context)
        response = self._enqueue(request)
        if response is None:
            await abort(context, Refusal(grpc.StatusCode.ALREADY_EXISTS, "IDEMPOTENCY_KEY_REUSED"))
        return response

    async def EnqueueStream(  # noqa: N802
        self, request_iterator: Any, context: Any
    ) -> AsyncIterator[job_service_pb2.EnqueueStreamResponse]:
        self.streams += 1
        async for asked in request_iterator:
            await self._begin("EnqueueStream", asked, context)
            await self.answers_streams.wait()
            if asked.request.owner in self.breaking_owners:
                self.breaking_owners.remove(asked.request.owner)
                await abort(context, Refusal(grpc.StatusCode.UNAVAILABLE, "DRAINING"))
            response = self._enqueue(asked.request)
            answer = job_service_pb2.EnqueueStreamResponse(request_id=asked.request_id, response=response)
            if response is None:
                answer.refusal.reason = "IDEMPOTENCY_KEY_REUSED"
                answer.refusal.metadata["field"] = "idempotency_key"
            elif asked.request.jobs[0].queue == "full":
                answer.refusal.reason = "QUEUE_FULL"
                answer.refusal.retry_after.seconds = 3
            yield answer

    def _enqueue(self, request: Any) -> job_service_pb2.EnqueueResponse | None:
        key = (request.owner, request.idempotency_key)
        content = b"".join(job.SerializeToString(deterministic=True) for job in request.jobs)
        if request.idempotency_key and key in self._keys:
            first, job_ids = self._keys[key]
            return job_service_pb2.EnqueueResponse(job_ids=job_ids, repeated_request=True) if first == content else None
        job_ids = [self.add_job(request.owner, queue=job.queue, kind=job.kind) for job in request.jobs]
        self._keys[key] = content, job_ids
        return job_service_pb2.EnqueueResponse(job_ids=job_ids)

    async def GetJob(self, request: Any, context: Any) -> job_service_pb2.GetJobResponse:  # noqa: N802
        await self._begin("GetJob", request, context)
        return job_service_pb2.GetJobResponse(job=await self._owned(request, context))

    async def ListJobs(self, request: Any, context: Any) -> job_service_pb2.ListJobsResponse:  # noqa: N802
        await self._begin("ListJobs", request, context)
        mine = [job for job in self.jobs.values() if job.owner == request.owner]
        start = int(request.page_token or 0)
        end = start + (request.page_size or 50)
        return job_service_pb2.ListJobsResponse(
            jobs=mine[start:end], next_page_token=str(end) if end < len(mine) else ""
        )

    async def CancelJob(self, request: Any, context: Any) -> job_service_pb2.CancelJobResponse:  # noqa: N802
        await self._begin("CancelJob", request, context)
        job = await self._owned(request, context)
        await self.change(job.id, state=job_pb2.JOB_STATE_CANCELLED)
        return job_service_pb2.CancelJobResponse()

    async def WatchJob(self, request: Any, context: Any) -> AsyncIterator[job_service_pb2.WatchJobResponse]:  # noqa: N802
        await self._begin("WatchJob", request, context)
        job = await self._owned(request, context)
        self.open_watches += 1
        try:
            seen = None
            while seen is None or seen.state not in FINAL:
                async with self._changed:
                    await self._changed.wait_for(lambda: seen != job or self._watches_to_cut)  # noqa: B023
                if self._watches_to_cut:
                    self._watches_to_cut -= 1
                    await abort(context, Refusal(grpc.StatusCode.UNAVAILABLE, "DRAINING"))
                seen = job_pb2.Job()
                seen.CopyFrom(job)
                yield job_service_pb2.WatchJobResponse(job=seen)
        finally:
            self.open_watches -= 1

    async def _begin(self, method: str, request: Any, context: Any) -> None:
        copy = type(request)()
        copy.CopyFrom(request)
        self.calls.append((method, copy))
        if self.refusals.get(method):
            await abort(context, self.refusals[method].pop(0))

    async def _owned(self, request: Any, context: Any) -> job_pb2.Job:
        job = self.jobs.get(request.job_id)
        if job is None or job.owner != request.owner:
            await abort(context, Refusal(grpc.StatusCode.NOT_FOUND, "JOB_NOT_FOUND"))
            raise AssertionError
        return job


@asynccontextmanager
async def fake_jobs() -> AsyncIterator[tuple[FakeJobs, str]]:
    """Serves a fake coordinator; gives it and its address."""
    fake = FakeJobs()
    server = grpc.aio.server()
    job_service_pb2_grpc.add_JobServiceServicer_to_server(fake, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield fake, f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
