"""jobs.v1.AdminService: for operators."""

from __future__ import annotations

from typing import Any

import grpc.aio

from coordinator.access import Access, authorization
from coordinator.announcer import Announcer
from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.store import jobs
from coordinator.store.auditing import Act
from coordinator.wakeups import upload_topic
from coordinator.wire import administration as wire
from protos.jobs.v1 import admin_service_pb2, admin_service_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class AdminService(admin_service_pb2_grpc.AdminServiceServicer):
    """Does to jobs of any owner what an operator asks for, and writes it down."""

    def __init__(self, database: Database, clocks: VirtualClocks, announcer: Announcer, access: Access) -> None:
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
        principal, peer = self._access.principal(authorization(context)), context.peer()
        owner = wanted.filter.owner if wanted.filter is not None else None
        act = Act(principal, peer, "RedriveJobs", wanted.details, owner)
        redriven = await jobs.redrive(self._database, self._clocks, job_ids, act)
        self._announcer.made_pending(redriven.pending)
        self._announcer.wake({upload_topic(upload_id) for upload_id in redriven.upload_ids})
        return admin_service_pb2.RedriveJobsResponse(
            job_ids=[str(job_id) for job_id in redriven.job_ids],
            more=wanted.filter is not None and len(job_ids) == wanted.limit,
        )
