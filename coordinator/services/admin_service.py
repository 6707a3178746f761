"""jobs.v1.AdminService: for operators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc.aio

from coordinator.access import Access, authorization
from coordinator.announcer import Announcer
from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.limit_keeper import LimitKeeper
from coordinator.store import jobs
from coordinator.store.jobs import Act
from coordinator.wakeups import upload_topic
from coordinator.wire import administration as wire
from coordinator.wire.checks import check_name
from protos.jobs.v1 import admin_service_pb2, admin_service_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class AdminService(admin_service_pb2_grpc.AdminServiceServicer):
    """Does to jobs of any owner what an operator asks for, and writes it down."""

    def __init__(
        self, database: Database, clocks: VirtualClocks, announcer: Announcer, access: Access, limits: LimitKeeper
    ) -> None:
        self._limits = limits
        self._database = database
        self._clocks = clocks
        self._announcer = announcer
        self._access = access

    async def RedriveJobs(  # noqa: N802 - the contract's name
        self, request: admin_service_pb2.RedriveJobsRequest, context: Context
    ) -> admin_service_pb2.RedriveJobsResponse:
        """Puts failed jobs back into their queues."""
        wanted = wire.redrive(request)
        job_ids = list(wanted.job_ids)
        if wanted.filter is not None:
            job_ids = await jobs.find_failed(self._database, wanted.filter, wanted.limit)
        act = self._act(context, "RedriveJobs", wanted.details)
        redriven = await jobs.redrive(self._database, self._clocks, job_ids, act)
        self._announcer.made_pending(redriven.pending)
        self._announcer.wake({upload_topic(upload_id) for upload_id in redriven.upload_ids})
        return admin_service_pb2.RedriveJobsResponse(
            job_ids=[str(job_id) for job_id in redriven.job_ids],
            more=wanted.filter is not None and len(job_ids) == wanted.limit,
        )

    async def PauseQueue(  # noqa: N802 - the contract's name
        self, request: admin_service_pb2.PauseQueueRequest, context: Context
    ) -> admin_service_pb2.PauseQueueResponse:
        """Has nothing more claimed from a queue."""
        changed = await self._pause(request.queue, context, "PauseQueue", paused=True)
        return admin_service_pb2.PauseQueueResponse(changed=changed)

    async def ResumeQueue(  # noqa: N802 - the contract's name
        self, request: admin_service_pb2.ResumeQueueRequest, context: Context
    ) -> admin_service_pb2.ResumeQueueResponse:
        """Has a queue claimed from again."""
        changed = await self._pause(request.queue, context, "ResumeQueue", paused=False)
        return admin_service_pb2.ResumeQueueResponse(changed=changed)

    async def _pause(self, queue: str, context: Context, name: str, *, paused: bool) -> bool:
        queue = check_name(queue, "queue")
        return await self._limits.pause(queue, self._act(context, name, {"queue": queue}), paused=paused)

    async def SetQueueLimits(  # noqa: N802 - the contract's name
        self, request: admin_service_pb2.SetQueueLimitsRequest, context: Context
    ) -> admin_service_pb2.SetQueueLimitsResponse:
        """Sets all limits of a queue in place of those it had."""
        queue, limits = check_name(request.queue, "queue"), wire.queue_limits(request.limits)
        act = self._act(context, "SetQueueLimits", wire.asked(request))
        previous = await self._limits.set_limits(queue, limits, act)
        return admin_service_pb2.SetQueueLimitsResponse(previous=wire.limits_message(previous))

    def _act(self, context: Context, name: str, details: Mapping[str, Any]) -> Act:
        return Act(self._access.principal(authorization(context)), context.peer(), name, details)
