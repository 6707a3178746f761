"""jobs.v1.JobService: for producers."""

from __future__ import annotations

from typing import Any

import grpc.aio

from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.ids import parse_id
from coordinator.store import enqueueing, jobs
from coordinator.wakeups import Wakeups
from coordinator.wire.checks import check_text
from coordinator.wire.jobs import JobDefaults, job_message, new_jobs, request_hash
from protos.jobs.v1 import job_service_pb2, job_service_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class JobService(job_service_pb2_grpc.JobServiceServicer):
    """Enqueues jobs and looks them up."""

    def __init__(self, database: Database, clocks: VirtualClocks, wakeups: Wakeups, defaults: JobDefaults) -> None:
        self._database = database
        self._clocks = clocks
        self._wakeups = wakeups
        self._defaults = defaults

    async def Enqueue(  # noqa: N802 - the contract's name
        self, request: job_service_pb2.EnqueueRequest, context: Context
    ) -> job_service_pb2.EnqueueResponse:
        """Stores jobs, all of them or none; answers after the commit."""
        wanted = new_jobs(request, self._defaults)
        ids, repeated = await enqueueing.enqueue(
            self._database,
            self._clocks,
            request.owner,
            request.idempotency_key,
            request_hash(request),
            wanted,
        )
        self._wakeups.wake({job.queue for job in wanted})
        return job_service_pb2.EnqueueResponse(job_ids=[str(job_id) for job_id in ids], repeated_request=repeated)

    async def GetJob(  # noqa: N802 - the contract's name
        self, request: job_service_pb2.GetJobRequest, context: Context
    ) -> job_service_pb2.GetJobResponse:
        """Reads one job of the owner."""
        owner = check_text(request.owner, "owner", longest=200)
        job = await jobs.get_job(self._database, owner, parse_id(request.job_id, "job_id"))
        return job_service_pb2.GetJobResponse(job=job_message(job))
