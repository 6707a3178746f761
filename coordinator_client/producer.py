"""For producers: putting jobs into queues and looking them up again."""

from __future__ import annotations

from collections.abc import Iterable

import grpc.aio

from coordinator_client.calls import DEFAULT_TIMEOUT_SECONDS, call_unary
from protos.jobs.v1 import job_pb2
from protos.jobs.v1 import job_service_pb2 as messages
from protos.jobs.v1.job_service_pb2_grpc import JobServiceStub


class Producer:
    """Enqueues jobs on behalf of their owners. Every method raises CoordinatorError."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = JobServiceStub(channel)

    async def enqueue(
        self,
        owner: str,
        jobs: Iterable[messages.NewJob],
        *,
        idempotency_key: str = "",
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> messages.EnqueueResponse:
        """Stores jobs, all of them or none, durable once it answers.

        With an idempotency key the call repeats itself where nobody answered, and so may its caller: the same
        key and jobs give back the first result. Without one it does not, since the jobs may be there already.
        """
        request = messages.EnqueueRequest(owner=owner, jobs=jobs, idempotency_key=idempotency_key)
        repeat_is_safe = bool(idempotency_key)
        return await call_unary(
            self._stub.Enqueue, request, timeout_seconds=timeout_seconds, repeat_is_safe=repeat_is_safe
        )

    async def get_job(
        self, owner: str, job_id: str, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> job_pb2.Job:
        """Reads one job of the owner, unfinished or in history."""
        request = messages.GetJobRequest(owner=owner, job_id=job_id)
        response = await call_unary(self._stub.GetJob, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)
        return response.job

    async def cancel_job(self, owner: str, job_id: str, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS) -> None:
        """Ends an unfinished job of the owner as cancelled, at once and whatever its state; a repeat is harmless.

        Raises:
            JobNotFound: the owner has no such job.
            JobFinished: it completed or failed before.
            Busy: its completion is under way.
        """
        request = messages.CancelJobRequest(owner=owner, job_id=job_id)
        await call_unary(self._stub.CancelJob, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)
