"""Jobs and leases between wire and domain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from coordinator.domain import KIB, MIB, TURN, ClaimedJob, FailOutcome, Failure, Job, Lease, NewJob, RetryPolicy
from coordinator.errors import InvalidRequest, PayloadTooLarge
from coordinator.ids import id_from_bytes, ids_from_bytes, new_id
from coordinator.store.enqueueing import Enqueued
from coordinator.wire.checks import (
    check_count,
    check_name,
    check_range,
    check_reason,
    check_text,
    duration,
    duration_ms,
    timestamp,
)
from protos.jobs.v1 import job_pb2, job_service_pb2, worker_service_pb2

DAY_MS = 86_400_000
ERROR_BYTES = 4 * KIB
RESULT_BYTES = 16 * KIB

# Bytes of payloads and checkpoints in one message: far below the 4 MiB that gRPC takes, whatever the other columns add.
BATCH_BYTES = MIB

_STATES = {
    "pending": job_pb2.JOB_STATE_PENDING,
    "scheduled": job_pb2.JOB_STATE_SCHEDULED,
    "processing": job_pb2.JOB_STATE_PROCESSING,
    "completed": job_pb2.JOB_STATE_COMPLETED,
    "failed": job_pb2.JOB_STATE_FAILED,
    "cancelled": job_pb2.JOB_STATE_CANCELLED,
}
_STATE_NAMES = {number: name for name, number in _STATES.items()}


@dataclass(frozen=True, slots=True)
class JobDefaults:
    """What a job is given where its producer says nothing, and how large it may be."""

    retry_policy: RetryPolicy
    deadline_ms: int
    payload_bytes: int
    jobs_per_request: int


def new_jobs(request: job_service_pb2.EnqueueRequest, defaults: JobDefaults) -> list[NewJob]:
    """Checks a request to enqueue and returns its jobs, each with a new id."""
    check_text(request.owner, "owner", longest=200)
    check_text(request.idempotency_key, "idempotency_key", longest=200, shortest=0)
    check_count(len(request.jobs), "jobs", defaults.jobs_per_request)
    return [_new_job(request.owner, job, f"jobs[{place}]", defaults) for place, job in enumerate(request.jobs)]


def _new_job(owner: str, job: job_service_pb2.NewJob, field: str, defaults: JobDefaults) -> NewJob:
    if len(job.payload) > defaults.payload_bytes:
        raise PayloadTooLarge(
            f"{field}.payload has {len(job.payload)} bytes; at most {defaults.payload_bytes} are taken.",
            field=f"{field}.payload",
            limit=defaults.payload_bytes,
            value=len(job.payload),
        )
    check_range(job.priority, f"{field}.priority", -32768, 32767)
    delay_ms = duration_ms(job.delay)
    check_range(delay_ms, f"{field}.delay", 0, 366 * DAY_MS)
    deadline_ms = duration_ms(job.deadline) if job.HasField("deadline") else defaults.deadline_ms
    check_range(deadline_ms, f"{field}.deadline", 1_000, DAY_MS)
    return NewJob(
        id=new_id(),
        queue=check_name(job.queue, f"{field}.queue"),
        kind=check_name(job.kind, f"{field}.kind"),
        payload=job.payload,
        size=len(job.payload),
        owner=owner,
        lane=_lane(job, owner, field),
        priority=job.priority,
        turn=_turn(job, field),
        delay_ms=delay_ms,
        expire_ms=_expire_ms(job, field),
        deadline_ms=deadline_ms,
        retry_policy=_retry_policy(job.retry_policy, f"{field}.retry_policy", defaults.retry_policy),
        unique_key=check_text(job.unique_key, f"{field}.unique_key", longest=200, shortest=0) or None,
    )


def _turn(job: job_service_pb2.NewJob, field: str) -> int:
    weight = job.weight if job.HasField("weight") else 1.0
    check_range(weight, f"{field}.weight", 0.01, 100)
    return round(TURN / weight)


def _expire_ms(job: job_service_pb2.NewJob, field: str) -> int | None:
    if not job.HasField("expire_after"):
        return None
    expire_ms = duration_ms(job.expire_after)
    check_range(expire_ms, f"{field}.expire_after", 1_000, 366 * DAY_MS)
    return expire_ms


def _lane(job: job_service_pb2.NewJob, owner: str, field: str) -> str | None:
    if not job.HasField("lane"):
        return owner
    return check_text(job.lane, f"{field}.lane", longest=200, shortest=0) or None


def _retry_policy(policy: job_pb2.RetryPolicy, field: str, defaults: RetryPolicy) -> RetryPolicy:
    result = RetryPolicy(
        max_attempts=policy.max_attempts if policy.HasField("max_attempts") else defaults.max_attempts,
        base_ms=duration_ms(policy.base) if policy.HasField("base") else defaults.base_ms,
        factor=policy.factor if policy.HasField("factor") else defaults.factor,
        ceiling_ms=duration_ms(policy.ceiling) if policy.HasField("ceiling") else defaults.ceiling_ms,
        jitter=policy.jitter if policy.HasField("jitter") else defaults.jitter,
    )
    check_range(result.jitter, f"{field}.jitter", 0, 1)
    check_range(result.max_attempts, f"{field}.max_attempts", 1, 100)
    check_range(result.base_ms, f"{field}.base", 0, DAY_MS)
    check_range(result.factor, f"{field}.factor", 1, 10)
    check_range(result.ceiling_ms, f"{field}.ceiling", result.base_ms, DAY_MS)
    return result


def enqueue_response(enqueued: Enqueued) -> job_service_pb2.EnqueueResponse:
    """Says what a request to enqueue made."""
    return job_service_pb2.EnqueueResponse(
        job_ids=[str(job_id) for job_id in enqueued.job_ids],
        repeated_request=enqueued.repeated,
        existing=enqueued.existing,
    )


def request_hash(request: job_service_pb2.EnqueueRequest) -> bytes:
    """Returns the SHA-256 of what is asked for, the key left out: what an idempotency key stands for."""
    return hashlib.sha256(b"enqueue\0" + b"".join(_hashed(job) for job in request.jobs)).digest()


def _hashed(job: job_service_pb2.NewJob) -> bytes:
    serialized = job.SerializeToString(deterministic=True)
    return len(serialized).to_bytes(8, "big") + serialized


def leases(columns: job_pb2.LeaseList, field: str = "leases", *, most: int = 5_000, fewest: int = 1) -> list[Lease]:
    """Checks the columns of a lease list; a job may stand in it once."""
    ids = ids_from_bytes(columns.job_ids, f"{field}.job_ids")
    if len(ids) != len(columns.tokens):
        raise InvalidRequest(
            f"{field} has {len(ids)} job ids and {len(columns.tokens)} tokens.",
            field=field,
            limit=len(ids),
            value=len(columns.tokens),
        )
    check_count(len(ids), field, most, fewest)
    found = [Lease(job_id, token) for job_id, token in zip(ids, columns.tokens, strict=True)]
    check_each_once(found, field)
    return found


def check_each_once(found: Iterable[Lease], field: str) -> None:
    """Checks that no job stands twice in a request: what became of it could not be told."""
    ids = [one.job_id for one in found]
    if len(set(ids)) != len(ids):
        raise InvalidRequest(f"{field} names a job twice.", field=field)


def results(request: worker_service_pb2.CompleteRequest) -> list[str | None]:
    """Checks the results of a completion: none at all, or one a lease, each a JSON text or empty."""
    if not request.results:
        return []
    if len(request.results) != len(request.leases.tokens):
        raise InvalidRequest(
            f"results has {len(request.results)} entries for {len(request.leases.tokens)} leases.",
            field="results",
            limit=len(request.leases.tokens),
            value=len(request.results),
        )
    return [_result(result, f"results[{place}]") for place, result in enumerate(request.results)]


def _result(result: str, field: str) -> str | None:
    size = len(result.encode())
    if size > RESULT_BYTES:
        raise PayloadTooLarge(
            f"{field} has {size} bytes; at most {RESULT_BYTES} are taken.", field=field, limit=RESULT_BYTES, value=size
        )
    try:
        if result:
            json.loads(result, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise InvalidRequest(f"{field} is no JSON text.", field=field) from None
    return result or None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def lease(job_id: bytes, token: int) -> Lease:
    """Checks a single lease."""
    return Lease(id_from_bytes(job_id, "job_id"), token)


def lease_list(held: Sequence[Lease]) -> job_pb2.LeaseList:
    """Returns leases as columns."""
    return job_pb2.LeaseList(job_ids=b"".join(one.job_id.bytes for one in held), tokens=[one.token for one in held])


def failures(request: worker_service_pb2.FailRequest) -> list[Failure]:
    """Checks what failed; a message is cut at 4 KiB, and a job may stand once."""
    check_count(len(request.failures), "failures", 1_000)
    found = [_failure(failure, f"failures[{place}]") for place, failure in enumerate(request.failures)]
    check_each_once((failure.lease for failure in found), "failures")
    return found


def _failure(failure: worker_service_pb2.Failure, field: str) -> Failure:
    return Failure(
        lease=Lease(id_from_bytes(failure.job_id, f"{field}.job_id"), failure.token),
        reason=check_reason(failure.reason, f"{field}.reason"),
        message=clean_message(failure.message, ERROR_BYTES),
        permanent=failure.permanent,
    )


def clean_message(message: str, most_bytes: int) -> str:
    """Returns a text for people, cut at so many bytes, without NUL, which PostgreSQL cannot store."""
    return message.replace("\0", "\N{REPLACEMENT CHARACTER}").encode()[:most_bytes].decode(errors="ignore")


def fail_outcome(outcome: FailOutcome) -> worker_service_pb2.FailOutcome:
    """Says what became of a failed job."""
    if outcome.refused:
        return worker_service_pb2.FailOutcome(refusal_reason="LEASE_LOST")
    if outcome.delay_seconds is None:
        return worker_service_pb2.FailOutcome(state=job_pb2.JOB_STATE_FAILED)
    return worker_service_pb2.FailOutcome(state=job_pb2.JOB_STATE_SCHEDULED, delay=duration(outcome.delay_seconds))


def refusals(places: Sequence[int]) -> list[worker_service_pb2.Refusal]:
    """Says which jobs a verb was refused for."""
    return [worker_service_pb2.Refusal(index=place, reason="LEASE_LOST") for place in places]


def job_batches(queue: str, jobs: Sequence[ClaimedJob]) -> Iterator[job_pb2.JobBatch]:
    """Yields claimed jobs as columns, in messages of at most 1 MiB of payloads and checkpoints, or one job."""
    batch: list[ClaimedJob] = []
    filled = 0
    for job in jobs:
        size = len(job.payload) + len(job.checkpoint)
        if batch and filled + size > BATCH_BYTES:
            yield _job_batch(queue, batch)
            batch, filled = [], 0
        batch.append(job)
        filled += size
    if batch:
        yield _job_batch(queue, batch)


def _job_batch(queue: str, jobs: Sequence[ClaimedJob]) -> job_pb2.JobBatch:
    kinds = sorted({job.kind for job in jobs})
    places = {kind: place for place, kind in enumerate(kinds)}
    return job_pb2.JobBatch(
        queue=queue,
        leases=lease_list([job.lease for job in jobs]),
        attempts=[job.attempt for job in jobs],
        kinds=kinds,
        kind_indexes=[places[job.kind] for job in jobs],
        payloads=[job.payload for job in jobs],
        sizes=[job.size for job in jobs],
        deadlines_ms=[job.deadline_ms for job in jobs],
        checkpoints=[job.checkpoint for job in jobs] if any(job.checkpoint for job in jobs) else (),
    )


def states(
    numbers: Iterable[job_pb2.JobState.ValueType], field: str, among: Iterable[str] = _STATES
) -> frozenset[str] | None:
    """Checks which states are asked for, each of them one of a few; None where none is named, which stands for all."""
    known = set(among)
    found = {_STATE_NAMES.get(number, "") for number in numbers}
    if not found <= known:
        names = ", ".join(sorted(known))
        raise InvalidRequest(f"{field} may hold {names}.", field=field, limit=names)
    return frozenset(found) or None


def job_message(job: Job) -> job_pb2.Job:
    """Says how a job stands."""
    message = job_pb2.Job(
        id=str(job.id),
        queue=job.queue,
        kind=job.kind,
        state=_STATES[job.state],
        priority=job.priority,
        lane=job.lane or "",
        owner=job.owner,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        created_at=timestamp(job.created_at),
        result=job.result or "",
        unique_key=job.unique_key or "",
        weight=TURN / job.turn,
        size=job.size,
        waits_for_lane=job.waits_for_lane,
    )
    if job.progress is not None:
        message.progress.CopyFrom(
            job_pb2.Progress(done=job.progress.done, total=job.progress.total, message=job.progress.message)
        )
    for field in ("started_at", "finished_at", "run_at", "expires_at"):
        if (moment := getattr(job, field)) is not None:
            getattr(message, field).CopyFrom(timestamp(moment))
    message.errors.extend(
        job_pb2.JobError(
            attempt=error.attempt,
            occurred_at=timestamp(error.occurred_at),
            worker=error.worker,
            reason=error.reason,
            message=error.message,
        )
        for error in job.errors
    )
    return message
