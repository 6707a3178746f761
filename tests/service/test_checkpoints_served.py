"""Checkpoints over gRPC: what workers may save, and how the next attempt gets it."""

from __future__ import annotations

from uuid import UUID

import grpc.aio
import pytest

from protos.jobs.v1 import job_pb2, worker_service_pb2, worker_service_pb2_grpc
from tests.service.calls import enqueue, get_job, new_job, refusal_of, release
from tests.service.claim_stream import claim_stream, leased
from tests.service.test_claim_batch import claim_batch


async def save(
    channel: grpc.aio.Channel, *reports: tuple[tuple[UUID, int], bytes], progress: job_pb2.Progress | None = None
) -> list[int]:
    """Saves checkpoints and returns the places of those that were refused."""
    request = worker_service_pb2.ReportProgressRequest(
        reports=[
            worker_service_pb2.ProgressReport(
                job_id=job_id.bytes, token=token, progress=progress, checkpoint=checkpoint
            )
            for (job_id, token), checkpoint in reports
        ]
    )
    response = await worker_service_pb2_grpc.WorkerServiceStub(channel).ReportProgress(request)
    return [refusal.index for refusal in response.refusals]


async def test_the_next_claim_on_a_stream_brings_the_checkpoint(channel: grpc.aio.Channel) -> None:
    async with claim_stream(channel) as stream:
        await enqueue(channel, new_job())
        await stream.grant(1)
        first = await stream.jobs()
        assert not first.checkpoints, "the column is absent where no job has one"
        (lease,) = leased(first)
        assert await save(channel, (lease, b"line 12"), progress=job_pb2.Progress(done=1, total=2)) == []
        assert await save(channel, (lease, b"line 17")) == []
        assert await release(channel, lease) == []
        assert await save(channel, (lease, b"too late")) == [0]
        await stream.grant(2, ended=1)
        assert list((await stream.jobs()).checkpoints) == [b"line 17"]
    assert (await get_job(channel, lease[0])).progress.done == 1


async def test_a_batch_brings_an_entry_for_each_job_and_its_repeat_brings_the_same(channel: grpc.aio.Channel) -> None:
    await enqueue(channel, new_job(), new_job())
    (batch,) = await claim_batch(channel, "r1")
    leases = leased(batch)
    assert await save(channel, (leases[1], b"line 17")) == []
    assert await release(channel, *leases) == []
    (batch,) = await claim_batch(channel, "r2")
    brought = dict(zip([job_id for job_id, _ in leased(batch)], batch.checkpoints, strict=True))
    assert brought == {leases[0][0]: b"", leases[1][0]: b"line 17"}
    assert await claim_batch(channel, "r2") == [batch]


@pytest.mark.parametrize("size", [16 * 1024, 16 * 1024 + 1])
async def test_a_checkpoint_has_at_most_sixteen_kibibytes(channel: grpc.aio.Channel, size: int) -> None:
    await enqueue(channel, new_job())
    (batch,) = await claim_batch(channel, "r1")
    (lease,) = leased(batch)
    if size <= 16 * 1024:
        assert await save(channel, (lease, bytes(size))) == []
        return
    refused = await refusal_of(save(channel, (lease, bytes(size))))
    assert (refused.reason, refused.info.metadata["field"]) == ("PAYLOAD_TOO_LARGE", "reports[0].checkpoint")
    assert (refused.info.metadata["limit"], refused.info.metadata["value"]) == ("16384", "16385")


async def test_jobs_with_large_checkpoints_come_in_messages_that_grpc_takes(channel: grpc.aio.Channel) -> None:
    await enqueue(channel, *[new_job()] * 300)
    (batch,) = await claim_batch(channel, "r1", max_jobs=300)
    leases = leased(batch)
    for start in range(0, 300, 100):
        assert await save(channel, *((lease, bytes(16 * 1024)) for lease in leases[start : start + 100])) == []
    assert await release(channel, *leases) == []
    async with claim_stream(channel) as stream:
        await stream.grant(300)
        came = 0
        while came < 300:
            batch = await stream.jobs()
            assert batch.ByteSize() < 2 * 1024 * 1024
            came += len(batch.checkpoints)
