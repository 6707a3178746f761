"""jobs.v1.JobService: for producers."""

from __future__ import annotations

from typing import Any

import grpc.aio

from coordinator.announcer import Announcer
from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.ids import parse_id
from coordinator.store import enqueueing, jobs
from coordinator.store.depths import Depths
from coordinator.wakeups import LEASES_TOPIC, upload_topic
from coordinator.wire.checks import check_text
from coordinator.wire.jobs import JobDefaults, job_message, new_jobs, request_hash
from protos.jobs.v1 import job_service_pb2, job_service_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class JobService(job_service_pb2_grpc.JobServiceServicer):
    """Enqueues jobs and looks them up."""

    def __init__(
        self,
        database: Database,
        clocks: VirtualClocks,
        announcer: Announcer,
        defaults: JobDefaults,
        depths: Depths,
    ) -> None:
        self._depths = depths
        self._database = database
        self._clocks = clocks
        self._announcer = announcer
        self._defaults = defaults

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
        return job_service_pb2.EnqueueResponse(
            job_ids=[str(job_id) for job_id in enqueued.job_ids],
            repeated_request=enqueued.repeated,
            existing=enqueued.existing,
        )

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
