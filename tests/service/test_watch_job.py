"""WatchJob: every change of a job is told, wherever it was caused, until its final state."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import grpc
import grpc.aio
import pytest

from protos.jobs.v1 import job_pb2, job_service_pb2, job_service_pb2_grpc
from tests.service.calls import cancel, complete, enqueue, fail, new_job, refusal_of, report, snooze
from tests.service.claim_stream import claim_stream, leased
from tests.service.conftest import Connect, StartCoordinator

# Longer than any test may take: what arrives was told and not polled for.
NO_POLL = 60.0


def watch(channel: grpc.aio.Channel, job_id: UUID, owner: str = "tests") -> Any:
    request = job_service_pb2.WatchJobRequest(owner=owner, job_id=str(job_id))
    return job_service_pb2_grpc.JobServiceStub(channel).WatchJob(request)


async def next_job(call: Any) -> job_pb2.Job:
    async with asyncio.timeout(20):
        response = await call.read()
    assert response is not grpc.aio.EOF
    job: job_pb2.Job = response.job
    return job


async def until_state(call: Any, state: int) -> job_pb2.Job:
    """Reads until the job is in a state; a watcher may miss what lasts shorter than it looks."""
    while (job := await next_job(call)).state != state:
        pass
    return job


@pytest.mark.parametrize("listen", [True, False])
async def test_changes_at_one_coordinator_are_told_at_another(
    start_coordinator: StartCoordinator, connect: Connect, *, listen: bool
) -> None:
    poll = NO_POLL if listen else 0.2
    here, there = [connect(await start_coordinator(listen=listen, poll_seconds=poll)) for _ in range(2)]
    (job_id,) = await enqueue(here, new_job())
    call = watch(here, job_id)
    assert (await next_job(call)).state == job_pb2.JOB_STATE_PENDING
    async with claim_stream(there) as stream:
        await stream.grant(1)
        lease = leased(await stream.jobs())[0]
        if listen:
            # Whether the other coordinator had heard of the watch by then is a race that the poll is there for.
            await report(there, lease, 1, 10, "reading")
        job = await until_state(call, job_pb2.JOB_STATE_PROCESSING)
        await report(there, lease, 3, 10, "reading")
        while job.progress.done != 3:
            job = await next_job(call)
        assert (job.progress.total, job.progress.message) == (10, "reading")
        await complete(there, lease, results=['{"rows": 7}'])
    job = await until_state(call, job_pb2.JOB_STATE_COMPLETED)
    assert job.result == '{"rows": 7}'
    assert await call.read() is grpc.aio.EOF


async def test_whatever_changes_a_job_is_told_without_a_poll(
    start_coordinator: StartCoordinator, connect: Connect
) -> None:
    channel = connect(await start_coordinator(poll_seconds=NO_POLL))
    (job_id,) = await enqueue(channel, new_job())
    call = watch(channel, job_id)
    await next_job(call)
    async with claim_stream(channel) as stream:
        await stream.grant(2)
        (lease,) = leased(await stream.jobs())
        await until_state(call, job_pb2.JOB_STATE_PROCESSING)
        await snooze(channel, lease, 1)
        assert (await until_state(call, job_pb2.JOB_STATE_SCHEDULED)).attempt == 0
        (lease,) = leased(await stream.jobs())
        await until_state(call, job_pb2.JOB_STATE_PROCESSING)
        await fail(channel, lease, message="it broke")
        assert (await until_state(call, job_pb2.JOB_STATE_SCHEDULED)).errors[0].message == "it broke"
    await cancel(channel, job_id)
    await until_state(call, job_pb2.JOB_STATE_CANCELLED)
    assert await call.read() is grpc.aio.EOF


async def test_a_job_that_has_ended_is_sent_once(channel: grpc.aio.Channel) -> None:
    (job_id,) = await enqueue(channel, new_job())
    await cancel(channel, job_id)
    sent = [response.job.state async for response in watch(channel, job_id)]
    assert sent == [job_pb2.JOB_STATE_CANCELLED]


async def test_nobody_watches_a_job_that_is_not_there_or_another_owners(channel: grpc.aio.Channel) -> None:
    (job_id,) = await enqueue(channel, new_job())
    for call in (watch(channel, uuid4()), watch(channel, job_id, owner="someone else")):
        assert (await refusal_of(call.__aiter__().__anext__())).reason == "JOB_NOT_FOUND"


async def test_a_coordinator_that_leaves_sends_its_watchers_elsewhere(
    start_coordinator: StartCoordinator, connect: Connect
) -> None:
    coordinator = await start_coordinator(poll_seconds=NO_POLL)
    channel = connect(coordinator)
    (job_id,) = await enqueue(channel, new_job())
    call = watch(channel, job_id)
    await next_job(call)
    stopping = asyncio.create_task(coordinator.stop())
    refused = await refusal_of(read_on(call))
    assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
    await stopping


async def read_on(call: Any) -> None:
    while await call.read() is not grpc.aio.EOF:
        pass


async def test_a_watcher_that_leaves_is_forgotten(start_coordinator: StartCoordinator, connect: Connect) -> None:
    coordinator = await start_coordinator()
    channel = connect(coordinator)
    (job_id,) = await enqueue(channel, new_job())
    for _ in range(3):
        call = watch(channel, job_id)
        await next_job(call)
        call.cancel()
        with suppress(asyncio.CancelledError):
            await call.read()
    async with claim_stream(channel) as stream:
        await stream.grant(1)
        assert await complete(channel, *leased(await stream.jobs())) == []
