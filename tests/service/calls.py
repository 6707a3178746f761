"""Short ways of calling the coordinator in tests."""

from collections.abc import Awaitable, Sequence
from typing import Any
from uuid import UUID

import grpc.aio
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from protos.jobs.v1 import job_pb2, job_service_pb2, job_service_pb2_grpc, worker_service_pb2, worker_service_pb2_grpc
from tests.service.claim_stream import lease_list

OWNER = "tests"


def new_job(payload: bytes = b"", **fields: Any) -> job_service_pb2.NewJob:
    """Returns a job of queue "default" and kind "work" unless told otherwise."""
    return job_service_pb2.NewJob(**{"queue": "default", "kind": "work", "payload": payload, **fields})


async def enqueue(
    channel: grpc.aio.Channel, *jobs: job_service_pb2.NewJob, owner: str = OWNER, key: str = ""
) -> list[UUID]:
    """Enqueues the jobs and returns their ids."""
    request = job_service_pb2.EnqueueRequest(owner=owner, idempotency_key=key, jobs=jobs)
    response = await job_service_pb2_grpc.JobServiceStub(channel).Enqueue(request)
    return [UUID(job_id) for job_id in response.job_ids]


async def get_job(channel: grpc.aio.Channel, job_id: UUID, owner: str = OWNER) -> job_pb2.Job:
    """Reads a job."""
    request = job_service_pb2.GetJobRequest(owner=owner, job_id=str(job_id))
    return (await job_service_pb2_grpc.JobServiceStub(channel).GetJob(request)).job


async def complete(channel: grpc.aio.Channel, *leases: tuple[UUID, int], results: Sequence[str] = ()) -> list[int]:
    """Completes jobs and returns the places of those that were refused."""
    request = worker_service_pb2.CompleteRequest(leases=lease_list(*leases), results=results)
    response = await worker_service_pb2_grpc.WorkerServiceStub(channel).Complete(request)
    return [refusal.index for refusal in response.refusals]


async def release(channel: grpc.aio.Channel, *leases: tuple[UUID, int]) -> list[int]:
    """Releases jobs and returns the places of those that were refused."""
    request = worker_service_pb2.ReleaseRequest(leases=lease_list(*leases))
    response = await worker_service_pb2_grpc.WorkerServiceStub(channel).Release(request)
    return [refusal.index for refusal in response.refusals]


async def fail(
    channel: grpc.aio.Channel, lease: tuple[UUID, int], *, permanent: bool = False, message: str = "it broke"
) -> worker_service_pb2.FailOutcome:
    """Fails a job and returns what became of it."""
    failure = worker_service_pb2.Failure(
        job_id=lease[0].bytes, token=lease[1], reason="BROKEN", message=message, permanent=permanent
    )
    response = await worker_service_pb2_grpc.WorkerServiceStub(channel).Fail(
        worker_service_pb2.FailRequest(failures=[failure])
    )
    return response.outcomes[0]


async def snooze(channel: grpc.aio.Channel, lease: tuple[UUID, int], seconds: int) -> list[int]:
    """Puts a job off and returns the places of those that were refused."""
    one = worker_service_pb2.Postponement(job_id=lease[0].bytes, token=lease[1], delay=Duration(seconds=seconds))
    request = worker_service_pb2.SnoozeRequest(postponements=[one])
    response = await worker_service_pb2_grpc.WorkerServiceStub(channel).Snooze(request)
    return [refusal.index for refusal in response.refusals]


async def report(channel: grpc.aio.Channel, lease: tuple[UUID, int], done: int, total: int, message: str) -> list[int]:
    """Reports progress and returns the places of those that were refused."""
    progress = job_pb2.Progress(done=done, total=total, message=message)
    one = worker_service_pb2.ProgressReport(job_id=lease[0].bytes, token=lease[1], progress=progress)
    request = worker_service_pb2.ReportProgressRequest(reports=[one])
    response = await worker_service_pb2_grpc.WorkerServiceStub(channel).ReportProgress(request)
    return [refusal.index for refusal in response.refusals]


async def cancel(channel: grpc.aio.Channel, job_id: UUID, owner: str = OWNER) -> None:
    """Cancels a job."""
    request = job_service_pb2.CancelJobRequest(owner=owner, job_id=str(job_id))
    await job_service_pb2_grpc.JobServiceStub(channel).CancelJob(request)


class Refused:
    """How a call was refused: its code, and what its details say."""

    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        self.code = error.code()
        self.message = error.details() or ""
        self.info = ErrorInfo()
        self.retry_after_seconds: float | None = None
        metadata = dict(error.trailing_metadata() or ())
        for detail in Status.FromString(metadata["grpc-status-details-bin"]).details:
            if detail.Is(ErrorInfo.DESCRIPTOR):
                detail.Unpack(self.info)
            retry = RetryInfo()
            if detail.Unpack(retry):
                self.retry_after_seconds = retry.retry_delay.ToTimedelta().total_seconds()

    @property
    def reason(self) -> str:
        """The reason of its ErrorInfo."""
        return str(self.info.reason)


async def refusal_of(call: Awaitable[Any]) -> Refused:
    """Awaits a call that must be refused, and returns how."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return Refused(caught.value)
