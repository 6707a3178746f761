"""What workers say when they ask for jobs, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coordinator.batch_claims import BatchRequest
from coordinator.errors import InvalidRequest
from coordinator.sessions import Notice
from coordinator.wire.checks import check_count, check_name, check_range, check_text, duration_ms
from coordinator.wire.jobs import lease_list
from protos.jobs.v1 import worker_service_pb2


@dataclass(frozen=True, slots=True)
class Greeting:
    """Who opens a claim stream, and for what."""

    worker: str
    queues: tuple[str, ...]
    kinds: tuple[str, ...]


def greeting(request: worker_service_pb2.ClaimRequest) -> Greeting:
    """Checks the first message of a claim stream."""
    if request.WhichOneof("message") != "hello":
        raise InvalidRequest("A claim stream begins with a Hello.", field="hello")
    hello = request.hello
    return Greeting(
        check_text(hello.worker, "hello.worker", longest=200), *_wanted(hello.queues, hello.kinds, "hello.")
    )


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
    queues, kinds = _wanted(request.queues, request.kinds, "")
    check_range(request.max_jobs, "max_jobs", 1, 1_000)
    check_range(request.max_bytes, "max_bytes", 0, 2**62)
    lease_ms = duration_ms(request.lease) if request.HasField("lease") else 60_000
    check_range(lease_ms, "lease", 1_000, 3_600_000)
    wait_ms = duration_ms(request.wait)
    check_range(wait_ms, "wait", 0, 60_000)
    return BatchRequest(
        worker=check_text(request.worker, "worker", longest=200),
        queues=queues,
        kinds=kinds,
        max_jobs=request.max_jobs,
        max_bytes=request.max_bytes,
        lease_seconds=lease_ms / 1000,
        wait_seconds=wait_ms / 1000,
        request_id=check_text(request.request_id, "request_id", longest=200),
    )


def pong(notice: Notice) -> worker_service_pb2.ClaimResponse:
    """Says what a worker must know."""
    message = worker_service_pb2.Pong(sequence=notice.sequence, drain=notice.drain)
    if notice.lost:
        message.lost.CopyFrom(lease_list(notice.lost))
    return worker_service_pb2.ClaimResponse(pong=message)
