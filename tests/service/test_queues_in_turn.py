"""A worker of several queues: they take turns, and none waits for the poll because another was asked first."""

import asyncio
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration

from protos.jobs.v1 import worker_service_pb2, worker_service_pb2_grpc
from tests.service.calls import complete, enqueue, new_job
from tests.service.claim_stream import claim_stream, leased
from tests.service.conftest import Connect, StartCoordinator

# Longer than any test may take: what comes was found at once.
NO_POLL = 60.0


async def test_a_job_is_found_at_once_though_another_queue_had_the_credit_first(
    start_coordinator: StartCoordinator, connect: Connect
) -> None:
    channel = connect(await start_coordinator(poll_seconds=NO_POLL))
    await enqueue(channel, new_job(b"letter", queue="mail"))
    async with claim_stream(channel, queue="images", also=["mail"]) as stream:
        await stream.grant(1)
        assert list((await stream.jobs()).payloads) == [b"letter"]


async def test_of_much_credit_what_one_queue_leaves_goes_to_the_others(
    start_coordinator: StartCoordinator, connect: Connect
) -> None:
    channel = connect(await start_coordinator(poll_seconds=NO_POLL))
    await enqueue(channel, new_job(b"picture", queue="images"), new_job(b"letter", queue="mail"))
    async with claim_stream(channel, queue="images", also=["mail"]) as stream:
        await stream.grant(10)
        batches = [await stream.jobs() for _ in range(2)]
    assert {batch.queue: list(batch.payloads) for batch in batches} == {"images": [b"picture"], "mail": [b"letter"]}


async def test_a_worker_of_one_job_at_a_time_serves_its_queues_in_turn(
    start_coordinator: StartCoordinator, connect: Connect
) -> None:
    channel = connect(await start_coordinator(poll_seconds=NO_POLL))
    queues = ["images", "mail", "reports"]
    await enqueue(channel, *(new_job(queue=queue) for queue in queues for _ in range(10)))
    served = []
    async with claim_stream(channel, queue="images", also=queues[1:]) as stream:
        for number in range(1, 13):
            await stream.grant(number, ended=number - 1)
            batch = await stream.jobs()
            served.append(batch.queue)
            (lease,) = leased(batch)
            await complete(channel, lease)
    assert sorted(set(served)) == queues
    assert all(served.count(queue) >= 3 for queue in queues), served


@pytest.mark.timeout(60)
async def test_batches_of_one_job_come_from_every_queue(start_coordinator: StartCoordinator, connect: Connect) -> None:
    channel = connect(await start_coordinator(poll_seconds=NO_POLL))
    await enqueue(channel, *(new_job(queue=queue) for queue in ("images", "mail") for _ in range(6)))
    stub = worker_service_pb2_grpc.WorkerServiceStub(channel)

    async def claim() -> str:
        request = worker_service_pb2.ClaimBatchRequest(
            worker="b1",
            queues=["images", "mail"],
            kinds=["work"],
            max_jobs=1,
            lease=Duration(seconds=10),
            wait=Duration(seconds=5),
            request_id=str(uuid4()),
        )
        (batch,) = (await asyncio.wait_for(stub.ClaimBatch(request), 20)).batches
        return str(batch.queue)

    assert sorted([await claim() for _ in range(6)]) == ["images"] * 3 + ["mail"] * 3
