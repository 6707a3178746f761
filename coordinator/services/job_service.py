"""jobs.v1.JobService: for producers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import grpc.aio

from coordinator.admin_domain import JobFilter
from coordinator.announcer import Announcer
from coordinator.background import BackgroundTasks
from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.domain import Job
from coordinator.ids import parse_id
from coordinator.job_watches import INTEREST_SECONDS
from coordinator.services.enqueue_streams import EnqueueStream, EnqueueStreams
from coordinator.store import enqueueing, job_lists, jobs
from coordinator.store.depths import Depths
from coordinator.wakeups import LEASES_TOPIC, upload_topic, wait_for
from coordinator.wire import pages
from coordinator.wire.checks import check_name, check_text
from coordinator.wire.jobs import JobDefaults, enqueue_response, job_message, new_jobs, request_hash, states
from protos.jobs.v1 import job_service_pb2, job_service_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]

# A watched job is not read more often than the eye can follow.
WATCH_REST_SECONDS = 0.1


class JobService(job_service_pb2_grpc.JobServiceServicer):
    """Enqueues jobs and looks them up."""

    def __init__(
        self,
        database: Database,
        clocks: VirtualClocks,
        announcer: Announcer,
        defaults: JobDefaults,
        check_open: Callable[[], None],
        background: BackgroundTasks,
        poll_seconds: float,
        depths: Depths,
    ) -> None:
        self._depths = depths
        self._database = database
        self._clocks = clocks
        self._announcer = announcer
        self._defaults = defaults
        self._check_open = check_open
        self._poll_seconds = poll_seconds
        self._streams = EnqueueStreams(database, clocks, announcer, defaults, check_open, background, depths)

    async def Enqueue(  # noqa: N802 - the contract's name
        self, request: job_service_pb2.EnqueueRequest, context: Context
    ) -> job_service_pb2.EnqueueResponse:
        """Stores jobs, all of them or none; answers after the commit."""
        wanted = new_jobs(request, self._defaults)
        enqueued = await enqueueing.enqueue(
            self._database,
            self._clocks,
            request.owner,
            request.idempotency_key,
            request_hash(request),
            wanted,
            self._depths,
        )
        self._announcer.made_pending(enqueued.pending)
        return enqueue_response(enqueued)

    async def EnqueueStream(  # noqa: N802 - the contract's name
        self, request_iterator: AsyncIterator[job_service_pb2.EnqueueStreamRequest], context: Context
    ) -> AsyncGenerator[job_service_pb2.EnqueueStreamResponse, None]:
        """Stores the jobs of many requests; those that come together share a commit."""
        async with aclosing(EnqueueStream(self._streams).answers(request_iterator)) as answers:
            async for answer in answers:
                yield answer

    async def ListJobs(  # noqa: N802 - the contract's name
        self, request: job_service_pb2.ListJobsRequest, context: Context
    ) -> job_service_pb2.ListJobsResponse:
        """Reads a page of the owner's jobs, newest first."""
        wanted = JobFilter(
            queue=check_name(request.queue, "queue") if request.queue else None,
            kind=check_name(request.kind, "kind") if request.kind else None,
            owner=check_text(request.owner, "owner", longest=200),
            states=states(request.states, "states"),
        )
        size = pages.page_size(request.page_size)
        before = pages.read_id(request.page_token, job_lists.NEWEST)
        page = await job_lists.list_jobs(self._database, wanted, before, size)
        return job_service_pb2.ListJobsResponse(
            jobs=[job_message(job) for job in page.jobs], next_page_token=pages.id_token(page.next_before)
        )

    async def WatchJob(  # noqa: N802 - the contract's name
        self, request: job_service_pb2.WatchJobRequest, context: Context
    ) -> AsyncGenerator[job_service_pb2.WatchJobResponse, None]:
        """Sends the job as it is and whenever it has changed, until its final state."""
        owner, job_id = check_text(request.owner, "owner", longest=200), parse_id(request.job_id, "job_id")
        self._check_open()
        sent: Job | None = None
        renew_at = time.monotonic() + INTEREST_SECONDS / 2
        with self._announcer.watch_job(job_id) as changed:
            while True:
                job = await jobs.get_job(self._database, owner, job_id)
                if job != sent:
                    yield job_service_pb2.WatchJobResponse(job=job_message(job))
                    sent = job
                if job.finished_at is not None:
                    return
                await asyncio.sleep(WATCH_REST_SECONDS)
                await wait_for(changed, self._poll_seconds)
                self._check_open()
                if time.monotonic() > renew_at:
                    self._announcer.renew_watch(job_id)
                    renew_at += INTEREST_SECONDS / 2

    async def GetJob(  # noqa: N802 - the contract's name
        self, request: job_service_pb2.GetJobRequest, context: Context
    ) -> job_service_pb2.GetJobResponse:
        """Reads one job of the owner."""
        owner = check_text(request.owner, "owner", longest=200)
        job = await jobs.get_job(self._database, owner, parse_id(request.job_id, "job_id"))
        return job_service_pb2.GetJobResponse(job=job_message(job))

    async def CancelJob(  # noqa: N802 - the contract's name
        self, request: job_service_pb2.CancelJobRequest, context: Context
    ) -> job_service_pb2.CancelJobResponse:
        """Ends an unfinished job of the owner; whoever works on it is told."""
        owner = check_text(request.owner, "owner", longest=200)
        job_id = parse_id(request.job_id, "job_id")
        ended = await jobs.cancel_job(self._database, owner, job_id, on_freed=self._announcer.freed)
        if ended is not None and ended.session_id is not None:
            self._announcer.wake([LEASES_TOPIC])
        if ended is not None and ended.upload_id is not None:
            self._announcer.wake([upload_topic(ended.upload_id)])
        return job_service_pb2.CancelJobResponse()
