"""What operators are told, as messages."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from coordinator.admin_domain import AuditEntry, HeldJob, QueueStats, Worker
from coordinator.wire.checks import timestamp
from coordinator.wire.limits import limits_message
from protos.jobs.v1 import admin_service_pb2, job_pb2


def queue_stats_message(stats: QueueStats) -> admin_service_pb2.QueueStats:
    """Says how a queue stands."""
    return admin_service_pb2.QueueStats(
        queue=stats.queue,
        paused=stats.paused,
        limits=limits_message(stats.limits),
        pending=stats.pending,
        scheduled=stats.scheduled,
        processing=stats.processing,
        failed=stats.failed,
        enqueued_rate=stats.enqueued_rate,
        claimed_rate=stats.claimed_rate,
        completed_rate=stats.completed_rate,
        failed_rate=stats.failed_rate,
        oldest_pending_at=_moment(stats.oldest_pending_at),
        lanes=[admin_service_pb2.LaneDepth(lane=lane, pending=pending) for lane, pending in stats.lanes.items()],
    )


def worker_message(worker: Worker) -> admin_service_pb2.Worker:
    """Says how a session stands."""
    return admin_service_pb2.Worker(
        session_id=str(worker.session_id),
        name=worker.name,
        state=_worker_state(worker),
        queues=worker.queues,
        kinds=worker.kinds,
        opened_at=timestamp(worker.opened_at),
        expires_at=timestamp(worker.expires_at),
        closed_at=_moment(worker.closed_at),
        held=[_held_job(job) for job in worker.held],
        held_count=worker.held_count,
    )


def _worker_state(worker: Worker) -> admin_service_pb2.WorkerState.ValueType:
    if worker.is_open:
        return admin_service_pb2.WORKER_STATE_DRAINING if worker.retiring else admin_service_pb2.WORKER_STATE_ACTIVE
    return admin_service_pb2.WORKER_STATE_LEFT if worker.left else admin_service_pb2.WORKER_STATE_LOST


def _held_job(job: HeldJob) -> admin_service_pb2.HeldJob:
    message = admin_service_pb2.HeldJob(
        job_id=str(job.job_id), kind=job.kind, attempt=job.attempt, started_at=timestamp(job.started_at)
    )
    if job.progress is not None:
        progress = job_pb2.Progress(done=job.progress.done, total=job.progress.total, message=job.progress.message)
        message.progress.CopyFrom(progress)
    return message


def audit_message(entry: AuditEntry) -> admin_service_pb2.AuditEntry:
    """Says what an operator did."""
    return admin_service_pb2.AuditEntry(
        id=entry.id,
        at=timestamp(entry.at),
        principal=entry.principal,
        peer=entry.peer,
        act=entry.act,
        details=entry.details,
    )


def _moment(moment: datetime | None) -> Timestamp | None:
    return None if moment is None else timestamp(moment)
