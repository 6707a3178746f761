"""For operators: queues, workers, and jobs of any owner."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from datetime import datetime
from functools import partial
from typing import TypeVar

import grpc.aio
from google.protobuf.timestamp_pb2 import Timestamp

from coordinator_client.calls import DEFAULT_TIMEOUT_SECONDS, call_unary, read_pages
from protos.jobs.v1 import admin_service_pb2 as messages
from protos.jobs.v1 import job_pb2
from protos.jobs.v1.admin_service_pb2_grpc import AdminServiceStub

# By which a gateway names the person for whom it acts.
ON_BEHALF_OF = "x-sluice-on-behalf-of"

Request = TypeVar("Request")
Response = TypeVar("Response")


class Operator:
    """Looks after queues, workers and jobs. Every method raises CoordinatorError, and repeats itself, for all may."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        *,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        on_behalf_of: str = "",
    ) -> None:
        """Takes how long each call may take, a list's for each of its pages; and whom the audit log is to name too."""
        self._stub = AdminServiceStub(channel)
        self._timeout_seconds = timeout_seconds
        self._metadata = ((ON_BEHALF_OF, on_behalf_of),) if on_behalf_of else ()

    async def get_queue_stats(self, queue: str = "") -> messages.GetQueueStatsResponse:
        """Tells of one queue or of all how deep it is, its limits, and what it is doing."""
        return await self._call(self._stub.GetQueueStats, messages.GetQueueStatsRequest(queue=queue))

    async def pause_queue(self, queue: str) -> bool:
        """Has nothing claimed from the queue any more; what is leased goes on. False where it was paused already."""
        return (await self._call(self._stub.PauseQueue, messages.PauseQueueRequest(queue=queue))).changed

    async def resume_queue(self, queue: str) -> bool:
        """Has the queue claimed from again; False where it was not paused."""
        return (await self._call(self._stub.ResumeQueue, messages.ResumeQueueRequest(queue=queue))).changed

    async def set_queue_limits(self, queue: str, limits: messages.QueueLimits) -> messages.QueueLimits:
        """Sets all limits of a queue, none where a field is absent, and returns those before."""
        request = messages.SetQueueLimitsRequest(queue=queue, limits=limits)
        return (await self._call(self._stub.SetQueueLimits, request)).previous

    async def list_workers(
        self, *, include_closed: bool = False, page_size: int = 0
    ) -> AsyncGenerator[messages.Worker, None]:
        """Yields sessions that are open, and those that closed within the last hour if wanted; newest first."""
        request = messages.ListWorkersRequest(include_closed=include_closed, page_size=page_size)
        async for page in self._pages(self._stub.ListWorkers, request):
            for worker in page.workers:
                yield worker

    async def workers_page(self, request: messages.ListWorkersRequest) -> messages.ListWorkersResponse:
        """Reads one page of sessions, newest first."""
        return await self._call(self._stub.ListWorkers, request)

    async def drain_worker(self, session_id: str) -> bool:
        """Has a worker finish what it holds and leave; False where it was asked before. Raises WorkerNotFound."""
        return (await self._call(self._stub.DrainWorker, messages.DrainWorkerRequest(session_id=session_id))).changed

    async def list_jobs(
        self,
        *,
        queue: str = "",
        kind: str = "",
        owner: str = "",
        states: Iterable[job_pb2.JobState.ValueType] = (),
        reason: str = "",
        page_size: int = 0,
    ) -> AsyncGenerator[job_pb2.Job, None]:
        """Yields jobs of any owner that fit, newest first, each with its last error alone; empty fields fit all.

        `reason` is that of the last error.
        """
        request = messages.ListAllJobsRequest(
            queue=queue, kind=kind, owner=owner, states=states, reason=reason, page_size=page_size
        )
        async for page in self._pages(self._stub.ListAllJobs, request):
            for job in page.jobs:
                yield job

    async def jobs_page(self, request: messages.ListAllJobsRequest) -> messages.ListAllJobsResponse:
        """Reads one page of jobs; it may be short, or empty, and the next one goes on."""
        return await self._call(self._stub.ListAllJobs, request)

    async def get_job(self, job_id: str) -> job_pb2.Job:
        """Reads one job of any owner. Raises JobNotFound."""
        return (await self._call(self._stub.GetAnyJob, messages.GetAnyJobRequest(job_id=job_id))).job

    async def cancel_jobs(
        self,
        *,
        job_ids: Iterable[str] = (),
        filter: messages.OpenJobFilter | None = None,  # noqa: A002 - the contract's name
        limit: int = 0,
    ) -> messages.CancelJobsResponse:
        """Ends unfinished jobs as cancelled, and names them; chosen as by `redrive_jobs`."""
        request = messages.CancelJobsRequest(job_ids=job_ids, filter=filter, limit=limit)
        return await self._call(self._stub.CancelJobs, request)

    async def redrive_jobs(
        self,
        *,
        job_ids: Iterable[str] = (),
        filter: messages.FailedJobFilter | None = None,  # noqa: A002 - the contract's name
        limit: int = 0,
    ) -> messages.RedriveJobsResponse:
        """Puts failed jobs back into their queues with a fresh set of attempts, and names them.

        Either 1 to 1,000 ids, or a filter and at most `limit` jobs, oldest first (0 is the coordinator's default);
        call again while `more` is true. A repeat finds the jobs not failed any more, and does nothing.
        """
        request = messages.RedriveJobsRequest(job_ids=job_ids, filter=filter, limit=limit)
        return await self._call(self._stub.RedriveJobs, request)

    async def reap(self) -> messages.ReapResponse:
        """Takes back now what is leased to workers that are gone, instead of with the next round."""
        return await self._call(self._stub.Reap, messages.ReapRequest())

    async def prune_jobs(
        self,
        finished_before: datetime,
        *,
        queue: str = "",
        states: Iterable[job_pb2.JobState.ValueType] = (),
        limit: int = 0,
    ) -> messages.PruneJobsResponse:
        """Removes jobs from history that finished before an aware time, oldest first; again while `more` is true.

        Raises:
            ValueError: the time has no zone.
        """
        if finished_before.tzinfo is None:
            raise ValueError(f"a time without a zone means another one elsewhere: {finished_before}")
        before = Timestamp()
        before.FromDatetime(finished_before)
        request = messages.PruneJobsRequest(finished_before=before, queue=queue, states=states, limit=limit)
        return await self._call(self._stub.PruneJobs, request)

    async def list_audit(self, *, page_size: int = 0) -> AsyncGenerator[messages.AuditEntry, None]:
        """Yields what operators did, newest first."""
        request = messages.ListAuditRequest(page_size=page_size)
        async for page in self._pages(self._stub.ListAudit, request):
            for entry in page.entries:
                yield entry

    async def audit_page(self, request: messages.ListAuditRequest) -> messages.ListAuditResponse:
        """Reads one page of what operators did, newest first."""
        return await self._call(self._stub.ListAudit, request)

    async def _call(self, method: Callable[..., Awaitable[Response]], request: Request) -> Response:
        named = self._named(method)
        return await call_unary(named, request, timeout_seconds=self._timeout_seconds, repeat_is_safe=True)

    def _pages(self, method: Callable[..., Awaitable[Response]], request: Request) -> AsyncGenerator[Response, None]:
        return read_pages(self._named(method), request, timeout_seconds=self._timeout_seconds)

    def _named(self, method: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
        return partial(method, metadata=self._metadata) if self._metadata else method
