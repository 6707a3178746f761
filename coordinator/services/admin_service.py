"""jobs.v1.AdminService: for operators."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import grpc.aio
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from coordinator.access import Access, authorization, on_behalf_of
from coordinator.admin_domain import JobFilter
from coordinator.announcer import Announcer
from coordinator.clocks import VirtualClocks
from coordinator.counting import Counting
from coordinator.database import Database
from coordinator.ids import parse_id
from coordinator.limit_keeper import LimitKeeper
from coordinator.reaper import Reaper
from coordinator.store import auditing, job_lists, jobs, pruning, queue_stats, workers
from coordinator.store.auditing import Act
from coordinator.wakeups import LEASES_TOPIC, upload_topic
from coordinator.wire import administration as wire
from coordinator.wire import limits, operators, pages
from coordinator.wire.checks import check_name, check_reason, check_text, timestamp
from coordinator.wire.jobs import job_message, states
from protos.jobs.v1 import admin_service_pb2, admin_service_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class AdminService(admin_service_pb2_grpc.AdminServiceServicer):
    """Shows operators the queues, and does to jobs of any owner what they ask for, and writes that down."""

    def __init__(
        self,
        database: Database,
        clocks: VirtualClocks,
        announcer: Announcer,
        access: Access,
        reaper: Reaper,
        counting: Counting,
        limit_keeper: LimitKeeper,
    ) -> None:
        self._limits = limit_keeper
        self._database = database
        self._clocks = clocks
        self._announcer = announcer
        self._access = access
        self._reaper = reaper
        self._counting = counting

    async def GetQueueStats(  # noqa: N802 - the contract's name
        self, request: admin_service_pb2.GetQueueStatsRequest, context: Context
    ) -> admin_service_pb2.GetQueueStatsResponse:
        """Tells how queues stand; what this coordinator has seen is noted before."""
        queue = check_name(request.queue, "queue") if request.queue else None
        await self._counting.note()
        stats = await queue_stats.queue_stats(self._database, queue)
        return admin_service_pb2.GetQueueStatsResponse(
            queues=[operators.queue_stats_message(one) for one in stats],
            counted_at=timestamp(min(one.counted_at for one in stats)) if stats else None,
        )

    async def ListWorkers(  # noqa: N802 - the contract's name
        self, request: admin_service_pb2.ListWorkersRequest, context: Context
    ) -> admin_service_pb2.ListWorkersResponse:
        """Reads a page of sessions, newest first."""
        size = pages.page_size(request.page_size)
        before = pages.read_number(request.page_token, workers.NEWEST)
        found = await workers.list_workers(self._database, before, size + 1, closed=request.include_closed)
        page = found[:size]
        return admin_service_pb2.ListWorkersResponse(
            workers=[operators.worker_message(worker) for worker in page],
            next_page_token=pages.number_token(page[-1].session_id if len(found) > size else None),
        )

    async def DrainWorker(  # noqa: N802 - the contract's name
        self, request: admin_service_pb2.DrainWorkerRequest, context: Context
    ) -> admin_service_pb2.DrainWorkerResponse:
        """Asks a worker to end."""
        session_id = wire.session_id(request.session_id)
        changed = await workers.retire(self._database, session_id, self._act("DrainWorker", request, context))
        self._announcer.wake([LEASES_TOPIC])
        return admin_service_pb2.DrainWorkerResponse(changed=changed)

    async def ListAllJobs(  # noqa: N802 - the contract's name
        self, request: admin_service_pb2.ListAllJobsRequest, context: Context
    ) -> admin_service_pb2.ListAllJobsResponse:
        """Reads a page of jobs of any owner, newest first."""
        wanted = JobFilter(
            queue=check_name(request.queue, "queue") if request.queue else None,
            kind=check_name(request.kind, "kind") if request.kind else None,
            owner=check_text(request.owner, "owner", longest=200, shortest=0) or None,
            states=states(request.states, "states"),
            reason=check_reason(request.reason, "reason") if request.reason else None,
        )
        size = pages.page_size(request.page_size)
        before = pages.read_id(request.page_token, job_lists.NEWEST)
        # They are the oldest of all that waits: the newest first would be a long way to them.
        processing = wanted.states == frozenset({"processing"}) and wanted.owner is None
        list_jobs = job_lists.list_processing if processing else job_lists.list_jobs
        page = await list_jobs(self._database, wanted, before, size)
        return admin_service_pb2.ListAllJobsResponse(
            jobs=[job_message(job) for job in page.jobs], next_page_token=pages.id_token(page.next_before)
        )

    async def GetAnyJob(  # noqa: N802 - the contract's name
        self, request: admin_service_pb2.GetAnyJobRequest, context: Context
    ) -> admin_service_pb2.GetAnyJobResponse:
        """Reads one job of any owner."""
        job = await jobs.get_job(self._database, None, parse_id(request.job_id, "job_id"))
        return admin_service_pb2.GetAnyJobResponse(job=job_message(job))

    async def CancelJobs(  # noqa: N802 - the contract's name
        self, request: admin_service_pb2.CancelJobsRequest, context: Context
    ) -> admin_service_pb2.CancelJobsResponse:
        """Ends unfinished jobs; whoever works on them is told."""
        wanted = wire.cancellation(request)
        job_ids = list(wanted.job_ids)
        if wanted.filter is not None:
            job_ids = await jobs.find_open(self._database, wanted.filter, wanted.limit)
        act = self._act("CancelJobs", request, context)
        ended = await jobs.cancel_jobs(self._database, job_ids, act=act, on_freed=self._announcer.freed)
        if any(job.session_id is not None for job in ended):
            self._announcer.wake([LEASES_TOPIC])
        self._tell_uploads(job.upload_id for job in ended)
        return admin_service_pb2.CancelJobsResponse(
            job_ids=[str(job.job_id) for job in ended],
            more=wanted.filter is not None and len(job_ids) == wanted.limit,
        )

    async def RedriveJobs(  # noqa: N802 - the contract's name
        self, request: admin_service_pb2.RedriveJobsRequest, context: Context
    ) -> admin_service_pb2.RedriveJobsResponse:
        """Puts failed jobs back into their queues."""
        wanted = wire.redrive(request)
        job_ids = list(wanted.job_ids)
        if wanted.filter is not None:
            job_ids = await jobs.find_failed(self._database, wanted.filter, wanted.limit)
        act = self._act("RedriveJobs", request, context)
        redriven = await jobs.redrive(self._database, self._clocks, job_ids, act)
        self._announcer.made_pending(redriven.pending)
        self._tell_uploads(redriven.upload_ids)
        return admin_service_pb2.RedriveJobsResponse(
            job_ids=[str(job_id) for job_id in redriven.job_ids],
            more=wanted.filter is not None and len(job_ids) == wanted.limit,
        )

    async def Reap(  # noqa: N802 - the contract's name
        self, request: admin_service_pb2.ReapRequest, context: Context
    ) -> admin_service_pb2.ReapResponse:
        """Takes back what is leased to workers that are gone."""
        reaped, sessions = await self._reaper.reap_now(self._act("Reap", request, context))
        return admin_service_pb2.ReapResponse(jobs=reaped, sessions=sessions)

    async def PruneJobs(  # noqa: N802 - the contract's name
        self, request: admin_service_pb2.PruneJobsRequest, context: Context
    ) -> admin_service_pb2.PruneJobsResponse:
        """Removes finished jobs from history."""
        wanted, limit = wire.prune(request)
        pruned = await pruning.prune(self._database, wanted, limit, self._act("PruneJobs", request, context))
        return admin_service_pb2.PruneJobsResponse(jobs=pruned, more=pruned == limit)

    async def ListAudit(  # noqa: N802 - the contract's name
        self, request: admin_service_pb2.ListAuditRequest, context: Context
    ) -> admin_service_pb2.ListAuditResponse:
        """Reads a page of what operators did, newest first."""
        size = pages.page_size(request.page_size)
        before = pages.read_number(request.page_token, workers.NEWEST)
        found = await auditing.list_audit(self._database, before, size + 1)
        page = found[:size]
        return admin_service_pb2.ListAuditResponse(
            entries=[operators.audit_message(entry) for entry in page],
            next_page_token=pages.number_token(page[-1].id if len(found) > size else None),
        )

    async def PauseQueue(  # noqa: N802 - the contract's name
        self, request: admin_service_pb2.PauseQueueRequest, context: Context
    ) -> admin_service_pb2.PauseQueueResponse:
        """Has nothing more claimed from a queue."""
        queue, act = check_name(request.queue, "queue"), self._act("PauseQueue", request, context)
        return admin_service_pb2.PauseQueueResponse(changed=await self._limits.pause(queue, act, paused=True))

    async def ResumeQueue(  # noqa: N802 - the contract's name
        self, request: admin_service_pb2.ResumeQueueRequest, context: Context
    ) -> admin_service_pb2.ResumeQueueResponse:
        """Has a queue claimed from again."""
        queue, act = check_name(request.queue, "queue"), self._act("ResumeQueue", request, context)
        return admin_service_pb2.ResumeQueueResponse(changed=await self._limits.pause(queue, act, paused=False))

    async def SetQueueLimits(  # noqa: N802 - the contract's name
        self, request: admin_service_pb2.SetQueueLimitsRequest, context: Context
    ) -> admin_service_pb2.SetQueueLimitsResponse:
        """Sets all limits of a queue in place of those it had."""
        queue, wanted = check_name(request.queue, "queue"), limits.queue_limits(request.limits)
        previous = await self._limits.set_limits(queue, wanted, self._act("SetQueueLimits", request, context))
        return admin_service_pb2.SetQueueLimitsResponse(previous=limits.limits_message(previous))

    def _act(self, name: str, request: Message, context: Context) -> Act:
        """Says who asks for what, and from where; a person whom a gateway acts for is named after it."""
        principal = self._access.principal(authorization(context))
        if person := on_behalf_of(context):
            principal = f"{principal} for {person}"
        details = MessageToDict(request, preserving_proto_field_name=True)
        # The log names a person by an HMAC alone, and a lane is its owner's unless a producer said otherwise.
        wanted = details.get("filter", {})
        owner, lane = wanted.pop("owner", None), wanted.pop("lane", None)
        if lane is not None:
            wanted["lane"] = "(withheld)"
        return Act(principal, context.peer(), name, details, owner or lane)

    def _tell_uploads(self, upload_ids: Iterable[UUID | None]) -> None:
        self._announcer.wake({upload_topic(upload_id) for upload_id in upload_ids if upload_id is not None})
