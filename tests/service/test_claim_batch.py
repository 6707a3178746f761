"""ClaimBatch on a real port: for workers that cannot hold a stream."""

import asyncio

import grpc.aio
from google.protobuf.duration_pb2 import Duration

from coordinator.store.claims import LOOK_AHEAD
from protos.jobs.v1 import (
    admin_service_pb2,
    admin_service_pb2_grpc,
    job_pb2,
    worker_service_pb2,
    worker_service_pb2_grpc,
)
from tests.service.calls import complete, enqueue, get_job, new_job, refusal_of
from tests.service.claim_stream import leased
from tests.waiting import eventually


async def claim_batch(
    channel: grpc.aio.Channel,
    request_id: str,
    *,
    lease: int = 60,
    wait: int = 0,
    max_jobs: int = 10,
    max_bytes: int = 0,
) -> list[job_pb2.JobBatch]:
    request = worker_service_pb2.ClaimBatchRequest(
        worker="batch",
        queues=["default"],
        kinds=["work"],
        max_jobs=max_jobs,
        max_bytes=max_bytes,
        lease=Duration(seconds=lease),
        wait=Duration(seconds=wait),
        request_id=request_id,
    )
    return list((await worker_service_pb2_grpc.WorkerServiceStub(channel).ClaimBatch(request)).batches)


async def test_a_batch_of_waiting_jobs_is_claimed_and_completed(channel: grpc.aio.Channel) -> None:
    await enqueue(channel, *[new_job()] * 3)
    (batch,) = await claim_batch(channel, "r1", max_jobs=2)
    assert len(leased(batch)) == 2
    assert await complete(channel, *leased(batch)) == []


async def test_a_repeat_of_the_request_gives_the_same_jobs(channel: grpc.aio.Channel) -> None:
    await enqueue(channel, *[new_job()] * 3)
    (first,) = await claim_batch(channel, "r1", max_jobs=2)
    (again,) = await claim_batch(channel, "r1", max_jobs=2)
    assert leased(again) == leased(first)
    await complete(channel, leased(first)[0])
    (rest,) = await claim_batch(channel, "r1", max_jobs=2)
    assert leased(rest) == leased(first)[1:]


async def test_without_a_wait_it_finds_what_comes_after_many_whose_lane_is_full(channel: grpc.aio.Channel) -> None:
    limits = admin_service_pb2.QueueLimits(max_running_per_lane=1)
    request = admin_service_pb2.SetQueueLimitsRequest(queue="default", limits=limits)
    await admin_service_pb2_grpc.AdminServiceStub(channel).SetQueueLimits(request)
    await enqueue(channel, *[new_job(lane="crowded") for _ in range(4 * LOOK_AHEAD)])
    (job_id,) = await enqueue(channel, new_job(lane="other", priority=1))
    (batch,) = await claim_batch(channel, "r1", max_jobs=1)
    (batch,) = await claim_batch(channel, "r2", max_jobs=1)
    assert [lease[0] for lease in leased(batch)] == [job_id]


async def test_it_waits_for_the_first_job(channel: grpc.aio.Channel) -> None:
    waiting = asyncio.create_task(claim_batch(channel, "r1", wait=20))
    await asyncio.wait([waiting], timeout=0.3)
    assert not waiting.done()
    (job_id,) = await enqueue(channel, new_job())
    (batch,) = await waiting
    assert [lease[0] for lease in leased(batch)] == [job_id]


async def test_without_work_it_answers_nothing_when_the_wait_is_over(channel: grpc.aio.Channel) -> None:
    assert await claim_batch(channel, "r1") == []


async def test_jobs_whose_lease_ran_out_go_back(channel: grpc.aio.Channel) -> None:
    (job_id,) = await enqueue(channel, new_job())
    (batch,) = await claim_batch(channel, "r1", lease=1)

    async def is_pending() -> bool:
        return (await get_job(channel, job_id)).state == job_pb2.JOB_STATE_PENDING

    await eventually(is_pending)
    assert await complete(channel, *leased(batch)) == [0]


async def test_bytes_bound_a_batch_but_never_its_first_job(channel: grpc.aio.Channel) -> None:
    await enqueue(channel, new_job(bytes(500)), new_job(bytes(10)))
    (batch,) = await claim_batch(channel, "r1", max_bytes=100)
    assert list(batch.sizes) == [500]


async def test_a_malformed_request_is_refused_by_name(channel: grpc.aio.Channel) -> None:
    refused = await refusal_of(claim_batch(channel, "", max_jobs=1))
    assert refused.info.metadata["field"] == "request_id"
    refused = await refusal_of(claim_batch(channel, "r1", max_jobs=1001))
    assert dict(refused.info.metadata) == {"field": "max_jobs", "limit": "1000", "value": "1001"}
