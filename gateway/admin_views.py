"""Queues, workers and the audit log in JSON, as operators see them."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from gateway.job_views import ProgressView, progress_view
from gateway.upload_views import Moment, View, moment
from protos.jobs.v1 import admin_service_pb2 as admin

WorkerStateName = Literal["active", "draining", "left", "lost"]

_WORKER_STATES: dict[int, WorkerStateName] = {
    admin.WORKER_STATE_ACTIVE: "active",
    admin.WORKER_STATE_DRAINING: "draining",
    admin.WORKER_STATE_LEFT: "left",
    admin.WORKER_STATE_LOST: "lost",
}

_MOST = 1_000_000
# Of a list in the audit log.
_SHOWN = 20


class Wish(View):
    """What somebody asks for: a name that is not known is a mistake."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")


class RateLimit(Wish):
    """So many claims a second on average; after a rest, `burst` at once."""

    per_second: float = Field(ge=0.001, le=_MOST)
    burst: int | None = Field(None, ge=1, le=_MOST, description="Unless given one second's worth, at least 1.")


class QueueLimits(Wish):
    """All limits of a queue; null is not limited."""

    max_depth: int | None = Field(None, ge=1, le=1_000_000_000, description="Unfinished jobs that the queue takes.")
    max_running: int | None = Field(None, ge=1, le=_MOST, description="Jobs processing at once.")
    max_running_per_lane: int | None = Field(None, ge=1, le=_MOST, description="The same for each lane.")
    rate: RateLimit | None = None


class LaneView(View):
    """A lane and how many of its jobs wait; empty: jobs without one."""

    lane: str
    pending: int


class QueueView(View):
    """How a queue stands; rates are of the last minute, a second."""

    queue: str
    paused: bool
    limits: QueueLimits
    pending: int
    scheduled: int
    processing: int
    failed: int = Field(description="Failed jobs in history.")
    oldest_pending_at: Moment | None = Field(description="Since when the job that is next has waited.")
    enqueued_rate: float
    claimed_rate: float
    completed_rate: float
    failed_rate: float
    lanes: list[LaneView] = Field(description="The ten deepest, as far as a look at 10,000 jobs tells.")


class QueuesView(View):
    """All queues by name."""

    queues: list[QueueView]
    counted_at: Moment | None = Field(description="When the oldest of the counts was noted.")


class HeldJobView(View):
    """What a worker is at."""

    job_id: str
    kind: str
    attempt: int
    started_at: Moment
    progress: ProgressView | None


class WorkerView(View):
    """One session of a worker."""

    id: str
    name: str
    state: WorkerStateName
    queues: list[str]
    kinds: list[str]
    opened_at: Moment
    expires_at: Moment = Field(description="When its leases run out unless it pings.")
    closed_at: Moment | None
    held: list[HeldJobView] = Field(description="At most 20, the longest first.")
    held_count: int


class WorkerPage(View):
    """One page of workers, newest first."""

    items: list[WorkerView]
    next_cursor: str | None = Field(description="Give it as cursor to get the next page; null after the last.")


class AdminOverview(View):
    """How everything stands; what the stream sends."""

    at: Moment = Field(description="What the clock here says, for ages.")
    queues: list[QueueView]
    counted_at: Moment | None
    workers: list[WorkerView] = Field(description="Those that are open, the newest 200.")
    more_workers: bool


class AuditEntryView(View):
    """What an operator did."""

    id: str
    at: Moment
    principal: str = Field(description="Who: the service's principal, and for whom it acted.")
    peer: str
    act: str = Field(description="The call's name in the contract.")
    details: dict[str, Any] = Field(
        description="What was asked and what it did; a list of more than 20 as its count and its first 20."
    )


class AuditPage(View):
    """One page of the audit log, newest first."""

    items: list[AuditEntryView]
    next_cursor: str | None = Field(description="Give it as cursor to get the next page; null after the last.")


def limits_view(limits: admin.QueueLimits) -> QueueLimits:
    """Shows the limits of a queue."""
    rate = RateLimit(per_second=limits.rate.per_second, burst=limits.rate.burst) if limits.HasField("rate") else None
    return QueueLimits(
        max_depth=limits.max_depth if limits.HasField("max_depth") else None,
        max_running=limits.max_running if limits.HasField("max_running") else None,
        max_running_per_lane=limits.max_running_per_lane if limits.HasField("max_running_per_lane") else None,
        rate=rate,
    )


def limits_message(limits: QueueLimits) -> admin.QueueLimits:
    """Asks for limits."""
    rate = admin.RateLimit(per_second=limits.rate.per_second, burst=limits.rate.burst) if limits.rate else None
    return admin.QueueLimits(
        max_depth=limits.max_depth,
        max_running=limits.max_running,
        max_running_per_lane=limits.max_running_per_lane,
        rate=rate,
    )


def queue_view(stats: admin.QueueStats) -> QueueView:
    """Shows how a queue stands."""
    return QueueView(
        queue=stats.queue,
        paused=stats.paused,
        limits=limits_view(stats.limits),
        pending=stats.pending,
        scheduled=stats.scheduled,
        processing=stats.processing,
        failed=stats.failed,
        oldest_pending_at=moment(stats.oldest_pending_at) if stats.HasField("oldest_pending_at") else None,
        enqueued_rate=stats.enqueued_rate,
        claimed_rate=stats.claimed_rate,
        completed_rate=stats.completed_rate,
        failed_rate=stats.failed_rate,
        lanes=[LaneView(lane=lane.lane, pending=lane.pending) for lane in stats.lanes],
    )


def queues_view(stats: admin.GetQueueStatsResponse) -> QueuesView:
    """Shows how all queues stand."""
    return QueuesView(queues=[queue_view(one) for one in stats.queues], counted_at=counted_at(stats))


def counted_at(stats: admin.GetQueueStatsResponse) -> Moment | None:
    """Gives when the oldest of the counts was noted."""
    return moment(stats.counted_at) if stats.HasField("counted_at") else None


def worker_view(worker: admin.Worker) -> WorkerView:
    """Shows a session of a worker."""
    return WorkerView(
        id=worker.session_id,
        name=worker.name,
        state=_WORKER_STATES[worker.state],
        queues=list(worker.queues),
        kinds=list(worker.kinds),
        opened_at=moment(worker.opened_at),
        expires_at=moment(worker.expires_at),
        closed_at=moment(worker.closed_at) if worker.HasField("closed_at") else None,
        held=[_held_view(job) for job in worker.held],
        held_count=worker.held_count,
    )


def _held_view(job: admin.HeldJob) -> HeldJobView:
    return HeldJobView(
        job_id=job.job_id,
        kind=job.kind,
        attempt=job.attempt,
        started_at=moment(job.started_at),
        progress=progress_view(job.progress) if job.HasField("progress") else None,
    )


def audit_view(entry: admin.AuditEntry) -> AuditEntryView:
    """Shows what an operator did. The number is a text: JavaScript would round a large one."""
    return AuditEntryView(
        id=str(entry.id),
        at=moment(entry.at),
        principal=entry.principal,
        peer=entry.peer,
        act=entry.act,
        details=_shortened(json.loads(entry.details or "{}")),
    )


def _shortened(details: dict[str, Any]) -> dict[str, Any]:
    """A step of a thousand jobs names each of them, which is more than a page of steps can carry."""
    return {
        name: {"count": len(told), "first": told[:_SHOWN]} if isinstance(told, list) and len(told) > _SHOWN else told
        for name, told in details.items()
    }
