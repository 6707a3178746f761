"""For operators: what is done to jobs of any owner."""

from __future__ import annotations

from collections.abc import Iterable

import grpc.aio

from coordinator_client.calls import DEFAULT_TIMEOUT_SECONDS, call_unary
from protos.jobs.v1 import admin_service_pb2 as messages
from protos.jobs.v1.admin_service_pb2_grpc import AdminServiceStub


class Operator:
    """Looks after queues and what became of their jobs. Every method raises CoordinatorError."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = AdminServiceStub(channel)

    async def redrive_jobs(
        self,
        *,
        job_ids: Iterable[str] = (),
        filter: messages.FailedJobFilter | None = None,  # noqa: A002 - the contract's name
        limit: int = 0,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> messages.RedriveJobsResponse:
        """Puts failed jobs back into their queues with a fresh set of attempts, and names them.

        Either 1 to 1,000 ids, or a filter and at most `limit` jobs, oldest first (0 is the coordinator's default);
        call again while `more` is true. A repeat finds the jobs not failed any more, and does nothing.
        """
        request = messages.RedriveJobsRequest(job_ids=job_ids, filter=filter, limit=limit)
        return await call_unary(self._stub.RedriveJobs, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)
