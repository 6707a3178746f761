"""The verbs with which a worker ends attempts, gathered and insisted on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import grpc.aio

from coordinator_client.backoff import Backoff
from coordinator_client.errors import from_rpc_error
from coordinator_client.gatherer import Gatherer
from coordinator_client.leases import Lease, to_columns
from coordinator_client.outcomes import AttemptFailure
from coordinator_client.patience import Patience
from protos.jobs.v1 import worker_service_pb2 as messages
from protos.jobs.v1.worker_service_pb2_grpc import WorkerServiceStub

COMPLETE_LIMIT = 5_000
# Of 1,000 failures with messages of 4 KiB, gRPC's limit on a message would take 900 at most.
FAIL_LIMIT = 500
CALL_SECONDS = 10.0

_BACKOFF = Backoff(ceiling_seconds=10.0)

logger = logging.getLogger(__name__)

Request = TypeVar("Request")
Response = TypeVar("Response")


class Verbs:
    """Complete, fail and release, for the attempts of one session.

    Each is repeated until the coordinator answers, whatever the error: a verb repeated with the token that it
    ended is harmless, and only the end of the lease, upon which the caller is cancelled, makes it pointless.
    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = WorkerServiceStub(channel)
        self._completions = Gatherer(self._complete, COMPLETE_LIMIT)
        self._failures = Gatherer(self._fail, FAIL_LIMIT)

    async def complete(self, lease: Lease) -> bool:
        """Ends an attempt as successful; answers whether the lease was still held."""
        return await self._completions.submit(lease)

    async def fail(self, lease: Lease, failure: AttemptFailure) -> bool:
        """Ends an attempt as failed; answers whether the lease was still held."""
        return await self._failures.submit(
            messages.Failure(
                job_id=lease.job_id,
                token=lease.token,
                reason=failure.reason,
                message=failure.message,
                permanent=failure.permanent,
            )
        )

    async def release(self, leases: Sequence[Lease]) -> None:
        """Gives jobs back untouched, as far as they are still held."""
        for start in range(0, len(leases), COMPLETE_LIMIT):
            batch = to_columns(leases[start : start + COMPLETE_LIMIT])
            await _insist(self._stub.Release, messages.ReleaseRequest(leases=batch))

    async def close(self) -> None:
        """Gives up what was not answered."""
        await self._completions.close()
        await self._failures.close()

    async def _complete(self, leases: list[Lease]) -> list[bool]:
        request = messages.CompleteRequest(leases=to_columns(leases))
        response = await _insist(self._stub.Complete, request)
        refused = {refusal.index for refusal in response.refusals}
        return [index not in refused for index in range(len(leases))]

    async def _fail(self, failures: list[messages.Failure]) -> list[bool]:
        response = await _insist(self._stub.Fail, messages.FailRequest(failures=failures))
        return [not outcome.refusal_reason for outcome in response.outcomes]


async def _insist(method: Callable[..., grpc.aio.UnaryUnaryCall[Request, Response]], request: Request) -> Response:
    """Calls until there is an answer."""
    patience = Patience(_BACKOFF)
    while True:
        try:
            return await method(request, timeout=CALL_SECONDS)
        except grpc.aio.AioRpcError as failed:
            error = from_rpc_error(failed)
        logger.warning("%s is not answered, trying again: %s", type(request).__name__, error)
        await patience.wait(error)
