"""Reading the file that a leased job is about."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import grpc.aio

from coordinator_client.calls import read_stream
from coordinator_client.leases import Lease
from coordinator_client.patience import PASSING, Patience
from protos.jobs.v1 import worker_service_pb2 as messages
from protos.jobs.v1.worker_service_pb2_grpc import WorkerServiceStub


async def read_payload(channel: grpc.aio.Channel, lease: Lease, offset: int = 0) -> AsyncGenerator[bytes, None]:
    """Yields the file's chunks, at most 1 MiB each, from `offset` on; after a break goes on from what it has.

    Raises:
        LeaseLost: the attempt is over.
        ContentExpired: the content was removed.
        CoordinatorError: anything else that waiting does not mend.
    """
    stub = WorkerServiceStub(channel)
    patience = Patience()
    while True:
        request = messages.ReadPayloadRequest(job_id=lease.job_id, token=lease.token, offset=offset)
        try:
            async with aclosing(read_stream(stub.ReadPayload(request))) as responses:
                async for response in responses:
                    patience.succeed()
                    offset += len(response.content)
                    yield response.content
        except PASSING as error:
            passing = error
        else:
            return
        await patience.wait(passing)
