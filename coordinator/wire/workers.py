"""What workers say when they ask for jobs, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coordinator.batch_claims import BatchRequest
from coordinator.domain import KIB, Lease, Postponement, Progress, ProgressReport
from coordinator.errors import InvalidRequest, PayloadTooLarge
from coordinator.ids import id_from_bytes
from coordinator.sessions import Notice
from coordinator.store.sessions import WorkerProfile
from coordinator.wire.checks import check_count, check_name, check_range, check_text, duration_ms
from coordinator.wire.jobs import DAY_MS, check_each_once, clean_message, lease_list, leases
from protos.jobs.v1 import job_pb2, worker_service_pb2

SECRET_BYTES = 64
HELD_LEASES = 10_000
PROGRESS_BYTES = KIB
CHECKPOINT_BYTES = 16 * KIB


@dataclass(frozen=True, slots=True)
class Greeting:
    """Who opens a claim stream and for what, and what it comes with from the stream before."""

    profile: WorkerProfile
    secret: bytes
    held: tuple[Lease, ...]


def greeting(request: worker_service_pb2.ClaimRequest) -> Greeting:
    """Checks the first message of a claim stream."""
    if request.WhichOneof("message") != "hello":
        raise InvalidRequest("A claim stream begins with a Hello.", field="hello")
    hello = request.hello
    check_range(len(hello.session_secret), "hello.session_secret", 0, SECRET_BYTES)
    held = leases(hello.held, "hello.held", most=HELD_LEASES, fewest=0)
    return Greeting(_profile(hello, "hello."), hello.session_secret, tuple(held))


def _profile(said: worker_service_pb2.Hello | worker_service_pb2.ClaimBatchRequest, prefix: str) -> WorkerProfile:
    worker = check_text(said.worker, f"{prefix}worker", longest=200)
    return WorkerProfile(worker, *_wanted(said.queues, said.kinds, prefix))


def _wanted(queues: Sequence[str], kinds: Sequence[str], prefix: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    check_count(len(queues), f"{prefix}queues", 20)
    check_count(len(kinds), f"{prefix}kinds", 100)
    return (
        tuple(dict.fromkeys(check_name(queue, f"{prefix}queues") for queue in queues)),
        tuple(sorted({check_name(kind, f"{prefix}kinds") for kind in kinds})),
    )


def check_credit(credit: worker_service_pb2.Credit) -> None:
    """Checks the totals that a worker grants: none is negative."""
    for field in ("jobs_total", "bytes_total", "ended_total"):
        if (value := getattr(credit, field)) < 0:
            raise InvalidRequest(
                f"credit.{field} is {value}; totals are not negative.",
                field=f"credit.{field}",
                limit=0,
                value=value,
            )


def batch_request(request: worker_service_pb2.ClaimBatchRequest) -> BatchRequest:
    """Checks a ClaimBatch."""
    profile = _profile(request, "")
    check_range(request.max_jobs, "max_jobs", 1, 1_000)
    check_range(request.max_bytes, "max_bytes", 0, 2**62)
    lease_ms = duration_ms(request.lease) if request.HasField("lease") else 60_000
    check_range(lease_ms, "lease", 1_000, 3_600_000)
    wait_ms = duration_ms(request.wait)
    check_range(wait_ms, "wait", 0, 60_000)
    return BatchRequest(
        profile=profile,
        max_jobs=request.max_jobs,
        max_bytes=request.max_bytes,
        lease_seconds=lease_ms / 1000,
        wait_seconds=wait_ms / 1000,
        request_id=check_text(request.request_id, "request_id", longest=200),
    )


def pong(notice: Notice) -> worker_service_pb2.ClaimResponse:
    """Says what a worker must know."""
    message = worker_service_pb2.Pong(sequence=notice.sequence, drain=notice.drain, retire=notice.retire)
    if notice.lost:
        message.lost.CopyFrom(lease_list(notice.lost))
    if notice.cancelled:
        message.cancelled.CopyFrom(lease_list(notice.cancelled))
    return worker_service_pb2.ClaimResponse(pong=message)


def postponements(request: worker_service_pb2.SnoozeRequest) -> list[Postponement]:
    """Checks what is put off; a job may stand once."""
    check_count(len(request.postponements), "postponements", 1_000)
    found = []
    for place, one in enumerate(request.postponements):
        field = f"postponements[{place}]"
        delay_ms = duration_ms(one.delay)
        check_range(delay_ms, f"{field}.delay", 0, 366 * DAY_MS)
        found.append(Postponement(Lease(id_from_bytes(one.job_id, f"{field}.job_id"), one.token), delay_ms))
    check_each_once((postponement.lease for postponement in found), "postponements")
    return found


def progress_reports(request: worker_service_pb2.ReportProgressRequest) -> list[ProgressReport]:
    """Checks how far attempts have come and what they leave for the next; a job may stand once."""
    check_count(len(request.reports), "reports", 1_000)
    found = [_progress_report(one, f"reports[{place}]") for place, one in enumerate(request.reports)]
    check_each_once((report.lease for report in found), "reports")
    return found


def _progress_report(report: worker_service_pb2.ProgressReport, field: str) -> ProgressReport:
    return ProgressReport(
        Lease(id_from_bytes(report.job_id, f"{field}.job_id"), report.token),
        _progress(report.progress, f"{field}.progress") if report.HasField("progress") else None,
        _checkpoint(report.checkpoint, f"{field}.checkpoint") if report.HasField("checkpoint") else None,
    )


def _progress(progress: job_pb2.Progress, field: str) -> Progress:
    """A message is cut at 1 KiB."""
    check_range(progress.done, f"{field}.done", 0, 2**53)
    check_range(progress.total, f"{field}.total", 0, 2**53)
    return Progress(progress.done, progress.total, clean_message(progress.message, PROGRESS_BYTES))


def _checkpoint(checkpoint: bytes, field: str) -> bytes:
    size = len(checkpoint)
    if size > CHECKPOINT_BYTES:
        raise PayloadTooLarge(
            f"{field} has {size} bytes; at most {CHECKPOINT_BYTES} are taken.",
            field=field,
            limit=CHECKPOINT_BYTES,
            value=size,
        )
    return checkpoint
